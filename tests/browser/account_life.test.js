// The whole life of an account, with the keyboard alone, in every language.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { canLogIn, logIn, NEW_PASSWORD, unregisteredUser, verificationMail } from './helpers/accounts.js';
import { Keyboard } from './helpers/keyboard.js';
import { newTab } from './helpers/pages.js';
import { startService } from './helpers/service.js';
import { filled } from './helpers/texts.js';

const service = await startService({ email_verification: 'required' });

for (const locale of ['en-GB', 'pl-PL']) {
  test(`an account from registration to deletion by keyboard in ${locale}`, async (t) => {
    const tab = await newTab(t, service, { locale });
    const keyboard = new Keyboard(tab);
    const person = unregisteredUser();
    await register(keyboard, person);
    await changeUsername(keyboard, person);
    await changeEmail(keyboard, person);
    await changePassword(keyboard, person);
    await endSessions(keyboard, person);
    await readEvents(keyboard);
    await exportData(keyboard, person);
    await deleteAccount(keyboard, person);
  });
}

async function register(keyboard, person) {
  const { tab } = keyboard;
  const { fields } = tab.texts;
  await tab.goto('/auth/register');
  for (const name of ['email', 'username', 'password']) await keyboard.type(fields[name], person[name]);
  await keyboard.submit();
  const { code } = await verificationMail(service, person);
  await keyboard.type(fields.code, code);
  await keyboard.submit();
  await tab.waitForAccountOf(person);
  await tab.page.getByText(tab.texts.account.verified, { exact: true }).waitFor();
  await keyboard.press(tab.button(tab.texts.account.log_out));
  await tab.waitForLogin();
  await keyboard.type(fields.identifier, person.username);
  await keyboard.type(fields.password, person.password);
  await keyboard.submit();
  await tab.waitForAccountOf(person);
}

async function changeUsername(keyboard, person) {
  const { tab } = keyboard;
  person.username = `${person.username}-2`;
  await keyboard.open(tab.texts.fields.username);
  await keyboard.type(tab.texts.account.new_username, person.username);
  await keyboard.submit();
  await waitForStatus(tab, filled(tab.texts.messages.username_changed, person));
  await tab.waitForAccountOf(person);
  assert.equal(await tab.isFocused(tab.row(tab.texts.fields.username)), true);
}

async function changeEmail(keyboard, person) {
  const { tab } = keyboard;
  const { account, fields, messages } = tab.texts;
  const email = `new-${person.email}`;
  await keyboard.open(fields.email);
  await keyboard.type(account.new_email, email);
  await keyboard.type(fields.current_password, person.password);
  await keyboard.submit();
  await tab.page.getByText(filled(messages.link_or_code, { email })).waitFor();
  await tab.waitForAccountOf(person);
  const { code } = await service.mail.next(email, 'verify-email');
  await tab.page.reload();
  await tab.waitForAccountOf(person);
  await keyboard.open(fields.email);
  await keyboard.type(fields.code, code);
  await keyboard.submit();
  await waitForStatus(tab, messages.email_verified);
  await tab.waitForAccountOf({ ...person, email });
  person.email = email;
}

async function changePassword(keyboard, person) {
  const { tab } = keyboard;
  const { fields, messages } = tab.texts;
  await keyboard.open(fields.password);
  await keyboard.type(fields.current_password, person.password);
  await keyboard.type(fields.new_password, NEW_PASSWORD);
  await keyboard.submit();
  await waitForStatus(tab, messages.password_changed);
  assert.equal(await canLogIn(service, person, person.password), false);
  person.password = NEW_PASSWORD;
  await tab.page.reload();
  await tab.waitForAccountOf(person);
}

/** Ends one of two other sessions, and then all others. */
async function endSessions(keyboard, person) {
  const { tab } = keyboard;
  const { account, messages } = tab.texts;
  const others = [await sessionFrom(person, 'curl/8.5.0'), await sessionFrom(person, 'Wget/1.21')];
  await keyboard.open(account.sessions);
  await keyboard.press(tab.button(filled(messages.end_session_of, { device: 'curl' })));
  await waitForStatus(tab, filled(messages.session_ended, { device: 'curl' }));
  assert.deepEqual(await statuses(others), [401, 200]);
  await keyboard.press(tab.button(account.end_others));
  await waitForStatus(tab, messages.others_ended);
  assert.deepEqual(await statuses(others), [401, 401]);
  await tab.page.locator('#sessions-row li').filter({ hasText: messages.this_device }).waitFor();
  assert.equal(await tab.page.locator('#sessions-row li').count(), 1);
}

/** Logs in by the API with another program. Returns its access token. */
async function sessionFrom({ email, password }, agent) {
  const { body } = await logIn(service, { email }, password, { 'user-agent': agent });
  return body.access_token;
}

function statuses(tokens) {
  const status = async (token) => {
    const headers = { authorization: `Bearer ${token}` };
    return (await service.request('/api/v1/auth/me', { headers })).status;
  };
  return Promise.all(tokens.map(status));
}

async function readEvents(keyboard) {
  const { tab } = keyboard;
  const { actions } = tab.texts.messages;
  await keyboard.open(tab.texts.account.events);
  const list = tab.page.locator('#events-row .list');
  for (const action of ['user.registered', 'email.changed', 'username.changed', 'password.changed']) {
    await list.getByText(actions[action], { exact: true }).waitFor();
  }
}

async function exportData(keyboard, person) {
  const { tab } = keyboard;
  const [download] = await Promise.all([
    tab.page.waitForEvent('download'),
    keyboard.press(tab.button(tab.texts.account.download)),
  ]);
  const data = await readFile(await download.path(), 'utf8');
  assert.ok(data.includes(person.email) && data.includes(person.username), data);
}

async function deleteAccount(keyboard, person) {
  const { tab } = keyboard;
  const { account, fields, messages } = tab.texts;
  await keyboard.open(account.delete.title);
  await tab.page.getByText(account.delete.at_once).waitFor();
  await keyboard.type(fields.current_password, person.password);
  await keyboard.submit();
  await tab.heading(account.delete.done_title).waitFor();
  await tab.page.getByText(messages.deleted, { exact: true }).waitFor();
  assert.equal(await canLogIn(service, person, person.password), false);
  assert.deepEqual(await tab.visit.sessionCookies(), {});
}

/** Waits until this is said to screen readers. */
function waitForStatus(tab, text) {
  return tab.page.getByRole('status').filter({ hasText: text }).waitFor();
}
