// The registration page: errors are shown at their fields, and no input is lost.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { registeredUser, unregisteredUser } from './helpers/accounts.js';
import { newTab } from './helpers/pages.js';
import { startService } from './helpers/service.js';
import { filled } from './helpers/texts.js';

const service = await startService();

async function registrationTab(t, options) {
  const tab = await newTab(t, service, options);
  await tab.goto('/auth/register');
  return tab;
}

/** A field, an invalid value, the API's message, and the number in it. */
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
  ['password', 'Password1', 'This password is too common.'],
  ['password', 'my-users-service-1', 'This password is too common.'],
];

for (const locale of ['en-GB', 'pl-PL']) {
  test(`each broken rule is reported at its field in ${locale}`, async (t) => {
    const tab = await registrationTab(t, { locale });
    for (const [name, value, rule, n] of BROKEN_RULES) {
      await tab.fill({ ...unregisteredUser(), [name]: value });
      await tab.submit('register');
      await tab.waitForFieldError(name, filled(tab.texts.messages.rules[rule], { n }));
      assert.equal(await tab.isFocused(tab.field(name)), true, `${value}: the field has no focus`);
      assert.equal(await tab.page.locator('[aria-invalid=true]').count(), 1, value);
    }
  });
}

test('a password with the name in it is reported at its field', async (t) => {
  const tab = await registrationTab(t);
  const person = unregisteredUser();
  await tab.fill({ ...person, password: `1 ${person.username}` });
  await tab.submit('register');
  const rule = 'This password contains your name or email.';
  await tab.waitForFieldError('password', tab.texts.messages.rules[rule]);
});

test('an empty form is rejected field by field, and the first field gets the focus', async (t) => {
  const tab = await registrationTab(t);
  await tab.submit('register');
  await tab.waitForAlert(tab.texts.messages.correct_fields);
  assert.equal(await tab.page.locator('[aria-invalid=true]').count(), 3);
  assert.equal(await tab.isFocused(tab.field('email')), true);
});

test('only the fields that are still invalid stay marked', async (t) => {
  const tab = await registrationTab(t);
  await tab.submit('register');
  await tab.waitForAlert(tab.texts.messages.correct_fields);
  await tab.fill({ ...unregisteredUser(), username: 'Tom!' });
  await tab.submit('register');
  await tab.page.waitForFunction(() => document.querySelectorAll('[aria-invalid=true]').length === 1);
  assert.equal(await tab.isFocused(tab.field('username')), true);
});

test('a taken name is replaced by the suggestion with one click', async (t) => {
  const [taken, tab] = [await registeredUser(service), await registrationTab(t)];
  const person = { ...unregisteredUser(), username: taken.username };
  const suggestion = `${taken.username}1`;
  await tab.fill(person);
  await tab.submit('register');
  await tab.waitForFieldError('username', tab.texts.messages.errors.USERNAME_TAKEN);
  await tab.button(filled(tab.texts.messages.use_suggestion, { suggestion })).click();
  await tab.waitForRegistrationOf({ ...person, username: suggestion });
});

test('a taken address is reported at its field, and another one registers', async (t) => {
  const [taken, tab] = [await registeredUser(service), await registrationTab(t)];
  const person = unregisteredUser();
  await tab.fill({ ...person, email: taken.email });
  await tab.submit('register');
  await tab.waitForFieldError('email', tab.texts.messages.errors.EMAIL_TAKEN);
  const { email, username } = person;
  assert.deepEqual(await tab.valuesOf('email', 'username', 'password'), {
    ...person,
    email: taken.email,
  });
  await tab.fill({ email });
  await tab.submit('register');
  await tab.waitForRegistrationOf({ email, username });
});

test('a double click registers once', async (t) => {
  const [person, tab] = [unregisteredUser(), await registrationTab(t)];
  await tab.fill(person);
  await tab.button(tab.texts.register.submit).dblclick();
  await tab.waitForRegistrationOf(person);
  assert.equal((await tab.visit.requestsTo('/api/v1/auth/register')).length, 1);
});

test('a password can be shown, and is hidden again on submit', async (t) => {
  const tab = await registrationTab(t);
  await tab.fill({ ...unregisteredUser(), email: 'nope' });
  const password = tab.field('password');
  assert.equal(await password.getAttribute('type'), 'password');
  await tab.button(tab.texts.common.show_password).click();
  assert.equal(await password.getAttribute('type'), 'text');
  await tab.submit('register');
  await tab.waitForAlert(tab.texts.messages.correct_fields);
  assert.equal(await password.getAttribute('type'), 'password');
});

test('a rejected proof of work is reported, and the next one is accepted', async (t) => {
  const [person, tab] = [unregisteredUser(), await registrationTab(t)];
  const forge = (route) => route.fulfill({ json: { ...foreignChallenge, signature: '00'.repeat(32) } });
  const foreignChallenge = (await service.request('/api/v1/captcha/challenge')).body;
  await tab.page.route('**/captcha/challenge', forge);
  await tab.fill(person);
  await tab.submit('register');
  await tab.waitForAlert(tab.texts.messages.errors.INVALID_CAPTCHA);
  await tab.page.unroute('**/captcha/challenge', forge);
  await tab.submit('register');
  await tab.waitForRegistrationOf(person);
});

test('with another captcha, the page says where to register', async (t) => {
  const elsewhere = await startService({ captcha_provider: 'service' });
  const tab = await newTab(t, elsewhere);
  await tab.goto('/auth/register');
  await tab.page.getByText(tab.texts.register.elsewhere).waitFor();
  assert.equal(await tab.button(tab.texts.register.submit).count(), 0);
});
