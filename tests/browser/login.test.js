// The login page, and its redirects.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { registeredUser, unregisteredUser } from './helpers/accounts.js';
import { newTab } from './helpers/pages.js';
import { startService } from './helpers/service.js';

const service = await startService();
const tom = await registeredUser(service);

async function loginTab(t, returnTo) {
  const tab = await newTab(t, service);
  const query = returnTo === undefined ? '' : `?${new URLSearchParams({ return_to: returnTo })}`;
  await tab.goto(`/auth/login${query}`);
  return tab;
}

test('a wrong password and an unknown name get the same message', async (t) => {
  const tab = await loginTab(t);
  for (const [person, password] of [
    [tom, 'wrong horse 1'],
    [unregisteredUser(), tom.password],
    [tom, tom.password.toUpperCase()],
  ]) {
    await tab.logIn(person, password);
    await tab.waitForAlert(tab.texts.messages.errors.INCORRECT_CREDENTIALS);
    assert.equal(await tab.field('identifier').inputValue(), person.username);
    assert.deepEqual(await tab.storage(), {});
  }
  await tab.logIn(tom, tom.password);
  await tab.waitForAccountOf(tom);
});

test('after a wrong password the next one can be typed over it', async (t) => {
  const tab = await loginTab(t);
  await tab.logIn(tom, 'wrong horse 1');
  await tab.waitForAlert(tab.texts.messages.errors.INCORRECT_CREDENTIALS);
  assert.equal(await tab.isFocused(tab.field('password')), true);
  await tab.page.keyboard.type(tom.password);
  await tab.page.keyboard.press('Enter');
  await tab.waitForAccountOf(tom);
});

test('an empty form is rejected field by field', async (t) => {
  const tab = await loginTab(t);
  await tab.submit('login');
  await tab.waitForAlert(tab.texts.messages.correct_fields);
  assert.equal(await tab.page.locator('[aria-invalid=true]').count(), 2);
  assert.equal(await tab.isFocused(tab.field('identifier')), true);
});

test('both the address and the name log in, in any case', async (t) => {
  for (const username of [tom.email, tom.email.toUpperCase(), tom.username.toLowerCase()]) {
    const tab = await loginTab(t);
    await tab.logIn({ username }, tom.password);
    await tab.waitForAccountOf(tom);
  }
});

for (const path of ['/docs', '/docs?a=1&b=2#login', '/auth/login?return_to=%2Fdocs', '/']) {
  test(`the login returns to ${path}`, async (t) => {
    const tab = await loginTab(t, path);
    await tab.logIn(tom, tom.password);
    await tab.page.waitForURL(path);
  });
}

for (const target of [
  '//evil.example.com',
  '///evil.example.com',
  'https://evil.example.com/',
  'https:evil.example.com',
  '/\\evil.example.com',
  '\\\\evil.example.com',
  '/\t/evil.example.com',
  '/.//evil.example.com',
  '/auth/..//evil.example.com',
  '/%2e//evil.example.com',
  '\n//evil.example.com',
  ' //evil.example.com',
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'evil.example.com',
  '.',
  '',
]) {
  test(`the login does not redirect to ${JSON.stringify(target)}`, async (t) => {
    const tab = await loginTab(t, target);
    await tab.logIn(tom, tom.password);
    await tab.waitForAccountOf(tom);
  });
}

test('a registration on the way returns to the same path', async (t) => {
  const [person, tab] = [unregisteredUser(), await loginTab(t, '/docs')];
  await tab.link(tab.texts.common.register).click();
  await tab.fill(person);
  await tab.submit('register');
  await tab.link(tab.texts.register.later).click();
  await tab.page.waitForURL('/docs');
});

test('the link to the registration does not contain a hostile target', async (t) => {
  const tab = await loginTab(t, '//evil.example.com');
  await tab.link(tab.texts.common.register).click();
  await tab.page.waitForURL('/auth/register**');
  assert.ok(!tab.page.url().includes('evil'), tab.page.url());
});
