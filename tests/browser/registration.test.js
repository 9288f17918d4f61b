// The registration's page: what is wrong stands beside its field, and nothing typed is lost.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { member, stranger } from './helpers/accounts.js';
import { newTab } from './helpers/pages.js';
import { startService } from './helpers/service.js';
import { filled } from './helpers/texts.js';

const service = await startService();

async function registrationTab(t, options) {
  const tab = await newTab(t, service, options);
  await tab.goto('/auth/register');
  return tab;
}

/** A value that breaks a rule, the rule in the API's words, and the number in it. */
const BROKEN_RULES = [
  ['email', 'nope', 'An email address must have an @-sign.'],
  ['email', '@example.com', 'There must be something before the @-sign.'],
  ['email', 'tom@', 'There must be something after the @-sign.'],
  ['email', 'tom@example', 'The part after the @-sign is not valid. It should have a period.'],
  ['email', 'tóm@example.com', 'The part before the @-sign can only contain ASCII characters.'],
  ['email', '.tom@example.com', 'The part before the @-sign cannot start or end with a period.'],
  ['username', 'To', 'Username must be at least {n} characters long.', 3],
  ['username', 'T'.repeat(31), 'Username cannot be longer than {n} characters.', 30],
  [
    'username',
    'Tom!',
    'Username can only contain letters, numbers, underscores (_), and hyphens (-).',
  ],
  ['username', 'Admin', 'This username is reserved and cannot be used.'],
  ['username', 'To--m', 'Username cannot contain consecutive underscores or hyphens.'],
  ['password', 'abc1', 'Password must be at least {n} characters long', 6],
  ['password', 'abcdefg', 'Password must contain at least one digit'],
  ['password', '1234567', 'Password must contain at least one letter'],
  ['password', 'a1'.repeat(129), 'Password cannot be longer than {n} bytes', 256],
];

for (const locale of ['en-GB', 'pl-PL']) {
  test(`each broken rule is told beside its field in ${locale}`, async (t) => {
    const tab = await registrationTab(t, { locale });
    for (const [name, value, rule, n] of BROKEN_RULES) {
      await tab.fill({ ...stranger(), [name]: value });
      await tab.submit('register');
      await tab.isRefused(name, filled(tab.texts.messages.rules[rule], { n }));
      assert.equal(await tab.isFocused(tab.field(name)), true, `${value}: the focus is there`);
      assert.equal(await tab.page.locator('[aria-invalid=true]').count(), 1, value);
    }
  });
}

test('an empty form is refused field by field, and the first gets the focus', async (t) => {
  const tab = await registrationTab(t);
  await tab.submit('register');
  await tab.isAlerted(tab.texts.messages.correct_fields);
  assert.equal(await tab.page.locator('[aria-invalid=true]').count(), 3);
  assert.equal(await tab.isFocused(tab.field('email')), true);
});

test('only the fields that are still wrong stay marked', async (t) => {
  const tab = await registrationTab(t);
  await tab.submit('register');
  await tab.isAlerted(tab.texts.messages.correct_fields);
  await tab.fill({ ...stranger(), username: 'Tom!' });
  await tab.submit('register');
  await tab.page.waitForFunction(() => document.querySelectorAll('[aria-invalid=true]').length === 1);
  assert.equal(await tab.isFocused(tab.field('username')), true);
});

test('a taken name is replaced by the suggestion with one click', async (t) => {
  const [taken, tab] = [await member(service), await registrationTab(t)];
  const person = { ...stranger(), username: taken.username };
  const suggestion = `${taken.username}1`;
  await tab.fill(person);
  await tab.submit('register');
  await tab.isRefused('username', tab.texts.messages.errors.USERNAME_TAKEN);
  await tab.button(filled(tab.texts.messages.use_suggestion, { suggestion })).click();
  await tab.seesAccountOf({ ...person, username: suggestion });
});

test('a taken address is told beside it, and another one registers', async (t) => {
  const [taken, tab] = [await member(service), await registrationTab(t)];
  const person = stranger();
  await tab.fill({ ...person, email: taken.email });
  await tab.submit('register');
  await tab.isRefused('email', tab.texts.messages.errors.EMAIL_TAKEN);
  const { email, username } = person;
  assert.deepEqual(await tab.valuesOf('email', 'username', 'password'), {
    ...person,
    email: taken.email,
  });
  await tab.fill({ email });
  await tab.submit('register');
  await tab.seesAccountOf({ email, username });
});

test('two clicks register once', async (t) => {
  const [person, tab] = [stranger(), await registrationTab(t)];
  await tab.fill(person);
  await tab.button(tab.texts.register.submit).dblclick();
  await tab.seesAccountOf(person);
  assert.equal((await tab.visit.requestsTo('/api/v1/auth/register')).length, 1);
});

test('a password can be looked at before it is sent, and is hidden again when it is', async (t) => {
  const tab = await registrationTab(t);
  await tab.fill({ ...stranger(), email: 'nope' });
  const password = tab.field('password');
  assert.equal(await password.getAttribute('type'), 'password');
  await tab.button(tab.texts.common.show_password).click();
  assert.equal(await password.getAttribute('type'), 'text');
  await tab.submit('register');
  await tab.isAlerted(tab.texts.messages.correct_fields);
  assert.equal(await password.getAttribute('type'), 'password');
});

test('a proof of work that the service does not take is told, and the next one is taken', async (t) => {
  const [person, tab] = [stranger(), await registrationTab(t)];
  const forge = (route) => route.fulfill({ json: { ...challengeOfAnother, signature: '00'.repeat(32) } });
  const challengeOfAnother = (await service.request('/api/v1/captcha/challenge')).body;
  await tab.page.route('**/captcha/challenge', forge);
  await tab.fill(person);
  await tab.submit('register');
  await tab.isAlerted(tab.texts.messages.errors.INVALID_CAPTCHA);
  await tab.page.unroute('**/captcha/challenge', forge);
  await tab.submit('register');
  await tab.seesAccountOf(person);
});

test('where another captcha is used, the page says where to register', async (t) => {
  const elsewhere = await startService({ captcha_provider: 'service' });
  const tab = await newTab(t, elsewhere);
  await tab.goto('/auth/register');
  await tab.page.getByText(tab.texts.register.elsewhere).waitFor();
  assert.equal(await tab.button(tab.texts.register.submit).count(), 0);
});
