// Keyboard and screen reader users.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NEW_PASSWORD, registeredUser, resetLink, unregisteredUser } from './helpers/accounts.js';
import { newTab } from './helpers/pages.js';
import { startService } from './helpers/service.js';

const service = await startService();

/** The names of the elements in tab order. An element without a visible focus is marked as such. */
async function tabOrder(tab) {
  const names = [];
  for (;;) {
    await tab.page.keyboard.press('Tab');
    const name = await tab.page.evaluate(focusedName);
    if (name === null) return names;
    names.push(name);
  }
}

/** The label of the focused element; null if the focus has left the page. */
function focusedName() {
  const element = document.activeElement;
  if (element === document.body) return null;
  const { outlineStyle, boxShadow } = getComputedStyle(element);
  const isVisible = outlineStyle !== 'none' || boxShadow !== 'none';
  const name = element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent;
  return isVisible ? name.trim() : `${name.trim()}, without a visible focus`;
}

test('the tab order of each page is the reading order', async (t) => {
  const tab = await newTab(t, service);
  const { common, fields, ...pages } = tab.texts;
  const orders = {
    '/auth/register': [
      ...[fields.email, fields.username, fields.password, common.show_password],
      ...[pages.register.submit, common.log_in],
    ],
    '/auth/login': [
      ...[fields.identifier, fields.password, common.show_password, pages.login.submit],
      ...[common.forgot_password, common.register],
    ],
    '/auth/forgot-password': [fields.email, pages.forgot_password.submit, pages.forgot_password.back],
  };
  for (const [path, order] of Object.entries(orders)) {
    await tab.goto(path);
    assert.deepEqual(await tabOrder(tab), order, path);
  }
});

test('a user registers with the keyboard alone', async (t) => {
  const [person, tab] = [unregisteredUser(), await newTab(t, service)];
  const { keyboard } = tab.page;
  await tab.goto('/auth/register');
  for (const value of [person.email, person.username, person.password]) {
    await keyboard.press('Tab');
    await keyboard.type(value);
  }
  await keyboard.press('Enter');
  await tab.heading(tab.texts.verify_email.sent_title).waitFor();
  for (const name of ['code', 'verify', 'resend', 'later']) await keyboard.press('Tab');
  assert.equal(await tab.isFocused(tab.link(tab.texts.register.later)), true);
  await keyboard.press('Enter');
  await tab.waitForAccountOf(person);
  await keyboard.press('Tab');
  assert.equal(await tab.isFocused(tab.button(tab.texts.account.log_out)), true);
  await keyboard.press('Enter');
  await tab.waitForLogin();
});

test('the suggested name is accepted with the keyboard alone', async (t) => {
  const [taken, tab] = [await registeredUser(service), await newTab(t, service)];
  const person = { ...unregisteredUser(), username: taken.username };
  await tab.register(person);
  await tab.waitForFieldError('username', tab.texts.messages.errors.USERNAME_TAKEN);
  assert.equal(await tab.isFocused(tab.field('username')), true);
  await tab.page.keyboard.press('Tab');
  await tab.page.keyboard.press('Space');
  await tab.waitForRegistrationOf({ ...person, username: `${taken.username}1` });
});

test('the message that replaces a form gets the focus, so that it is read aloud', async (t) => {
  const tom = await registeredUser(service);
  const tab = await newTab(t, service);
  const { forgot_password, reset_password } = tab.texts;
  await tab.goto('/auth/forgot-password');
  await tab.fill({ email: tom.email });
  await tab.page.keyboard.press('Enter');
  await tab.heading(forgot_password.done_title).waitFor();
  assert.ok((await focusedText(tab)).includes(forgot_password.done_title));
  await tab.goto((await service.mail.next(tom.email, 'reset-password')).link);
  await tab.fill({ new_password: NEW_PASSWORD });
  await tab.page.keyboard.press('Enter');
  await tab.heading(reset_password.done_title).waitFor();
  assert.ok((await focusedText(tab)).includes(reset_password.done_title));
});

function focusedText(tab) {
  return tab.page.evaluate(() => document.activeElement.textContent);
}

test('the proof of work is announced to screen readers, and needs no interaction', async (t) => {
  const tab = await newTab(t, service);
  await tab.goto('/auth/register');
  await tab.field('email').focus();
  const done = tab.page.getByRole('status').filter({ hasText: tab.texts.messages.captcha_done });
  await done.waitFor();
  assert.equal(await tab.page.locator('img, canvas, audio, iframe').count(), 0);
});

test('every field tells password managers its type', async (t) => {
  const tab = await newTab(t, service);
  for (const [path, kinds] of [
    ['/auth/register', ['email', 'username', 'new-password', 'one-time-code']],
    ['/auth/login', ['username', 'current-password']],
    ['/auth/forgot-password', ['email']],
    ['/auth/verify-email', ['one-time-code', 'email']],
    [await resetLink(service, await registeredUser(service)), ['new-password']],
  ]) {
    await tab.goto(path);
    const actual = await tab.page.locator('input').evaluateAll((inputs) => inputs.map((input) => input.autocomplete));
    assert.deepEqual(actual, kinds, path);
  }
});
