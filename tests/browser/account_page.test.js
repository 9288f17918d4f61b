// The rows of the account page, in states that the API's responses bring about.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { event, EVENTS, respond, session, SESSIONS } from './helpers/account_api.js';
import { NEW_PASSWORD, registeredUser } from './helpers/accounts.js';
import { newTab } from './helpers/pages.js';
import { startService } from './helpers/service.js';
import { filled } from './helpers/texts.js';

const service = await startService();
const THROTTLED = { status: 429, headers: { 'retry-after': '7' }, json: { detail: '' } };
const WRONG_PASSWORD = { status: 403, json: { detail: '', error_code: 'INCORRECT_PASSWORD' } };
const UNAUTHORIZED = { status: 401, json: { detail: '', error_code: 'NOT_AUTHENTICATED' } };

/** A tab with the account page of a new user. */
async function accountTab(t, options) {
  const tom = await registeredUser(service);
  const tab = await newTab(t, service, options);
  await tab.goto('/auth/login');
  await tab.logIn(tom, tom.password);
  await tab.waitForAccountOf(tom);
  return [tom, tab];
}

/** The visible field with this label. Several rows ask for the current password. */
function field(tab, name) {
  return tab.field(name).and(tab.page.locator(':visible'));
}

/** The lines of a list's elements. */
function linesOf(list) {
  return list.locator('> li').evaluateAll((items) =>
    items.map((item) => [...item.querySelectorAll('p')].map((line) => line.textContent)),
  );
}

test('the devices are in words, this one first, and only others can be logged out', async (t) => {
  const [, tab] = await accountTab(t);
  await respond(tab, 'GET sessions', { json: [...SESSIONS].reverse() });
  await tab.row(tab.texts.account.sessions).click();
  const list = tab.page.locator('#sessions-row .list');
  await list.getByText('Safari on iPhone').waitFor();
  const lines = await linesOf(list);
  assert.deepEqual(lines[0], [
    `Firefox on Linux ${tab.texts.messages.this_device}`,
    'Last active now',
    'Logged in 2 days ago, with a password',
    '192.0.2.0/24',
  ]);
  assert.deepEqual(lines.slice(1).map(([title]) => title), [
    ...['Unknown device', 'curl', 'Edge on Windows', 'Safari on iPhone'],
  ]);
  assert.equal(await list.getByRole('button').count(), 4);
  const name = filled(tab.texts.messages.end_session_of, { device: 'Safari on iPhone' });
  await tab.button(name).waitFor();
});

test('the only device has no button', async (t) => {
  const [, tab] = await accountTab(t);
  await respond(tab, 'GET sessions', { json: SESSIONS.slice(0, 1) });
  await tab.row(tab.texts.account.sessions).click();
  await tab.page.locator('#sessions-row').getByText('Firefox on Linux').waitFor();
  assert.equal(await tab.page.locator('#sessions-row button:visible').count(), 0);
});

test('a device that is gone meanwhile is logged out', async (t) => {
  const [, tab] = await accountTab(t);
  await respond(tab, 'GET sessions', { json: [SESSIONS[0], session('9', 'edge')] });
  await respond(tab, 'DELETE sessions/9', { status: 404, json: { detail: '', error_code: 'NOT_FOUND' } });
  await tab.row(tab.texts.account.sessions).click();
  const button = tab.button(filled(tab.texts.messages.end_session_of, { device: 'Edge on Windows' }));
  await button.waitFor();
  await respond(tab, 'GET sessions', { json: SESSIONS.slice(0, 1) });
  await button.click();
  await tab.page.getByText(filled(tab.texts.messages.session_ended, { device: 'Edge on Windows' })).waitFor();
  assert.equal(await button.count(), 0);
  assert.equal(await tab.isFocused(tab.page.locator('#sessions-row .list')), true);
});

for (const [row, list] of [
  ['sessions', 'sessions-row'],
  ['events', 'events-row'],
]) {
  test(`the ${row} can be loaded again after a failure`, async (t) => {
    const [, tab] = await accountTab(t);
    const texts = tab.texts.messages;
    const content = { sessions: SESSIONS, events: { items: EVENTS, next_cursor: null } }[row];
    await respond(tab, `GET ${row}`, { status: 503, json: { detail: '', error_code: 'DB_LOCKED' } });
    await tab.row(tab.texts.account[row]).click();
    await tab.waitForAlert(texts.unavailable);
    await respond(tab, `GET ${row}`, THROTTLED);
    await tab.button(tab.texts.common.retry).click();
    await tab.waitForAlert(texts.too_many_requests.split('{when}')[0]);
    await respond(tab, `GET ${row}`, { json: content });
    await tab.button(tab.texts.common.retry).click();
    await tab.page.locator(`#${list} li`).first().waitFor();
    assert.equal(await tab.page.getByRole('alert').filter({ visible: true }).count(), 0);
    assert.equal(await tab.button(tab.texts.common.retry).count(), 0);
  });
}

for (const locale of ['en-GB', 'pl-PL']) {
  test(`every action is in words in ${locale}, and more are appended`, async (t) => {
    const [, tab] = await accountTab(t, { locale });
    const { actions, changed_to } = tab.texts.messages;
    await respond(tab, 'GET events', { json: { items: EVENTS, next_cursor: '42' } });
    await tab.row(tab.texts.account.events).click();
    const list = tab.page.locator('#events-row .list');
    await list.getByText(actions['user.registered']).waitFor();
    const titles = (await linesOf(list)).map(([title]) => title);
    assert.deepEqual(titles, EVENTS.map(({ action }) => actions[action] ?? action));
    await list.getByText(filled(changed_to, { old: 'Tom', new: 'Thomas' })).waitFor();
    await respond(tab, 'GET events', { json: { items: [event(99, 'password.reset')], next_cursor: null } });
    await tab.button(tab.texts.messages.more).click();
    const last = list.locator('> li').nth(EVENTS.length);
    await last.waitFor();
    assert.equal(await tab.isFocused(last), true);
    assert.equal(await tab.button(tab.texts.messages.more).count(), 0);
    const requests = await tab.visit.requestsTo('/api/v1/auth/events');
    assert.deepEqual(requests.map(({ url }) => new URL(url).search), ['', '?cursor=42']);
  });
}

test('an account without events says so', async (t) => {
  const [, tab] = await accountTab(t);
  await respond(tab, 'GET events', { json: { items: [], next_cursor: null } });
  await tab.row(tab.texts.account.events).click();
  await tab.page.getByText(tab.texts.messages.no_events).waitFor();
});

test('values of the API are text, never markup', async (t) => {
  const [, tab] = await accountTab(t);
  const markup = '<img src=x onerror=alert(1)>';
  await respond(tab, 'GET sessions', { json: [session('1', markup, { method: markup, ip_prefix: markup })] });
  await respond(tab, 'GET events', {
    json: { items: [event(1, markup, { old: markup, new: markup, user_agent: markup })], next_cursor: null },
  });
  await tab.row(tab.texts.account.sessions).click();
  await tab.row(tab.texts.account.events).click();
  await tab.page.locator('#events-row li').waitFor();
  await tab.page.locator('#sessions-row li').waitFor();
  assert.equal(await tab.page.locator('main img').count(), 0);
});

test('a wrong current password is reported at its field, and the other values are kept', async (t) => {
  const [, tab] = await accountTab(t);
  const { account, fields, messages } = tab.texts;
  await respond(tab, 'POST change-password', WRONG_PASSWORD);
  await tab.row(fields.password).click();
  await field(tab, 'current_password').fill('wrong horse 1');
  await field(tab, 'new_password').fill(NEW_PASSWORD);
  await tab.button(account.change_password).click();
  await tab.page.getByText(messages.errors.INCORRECT_PASSWORD).waitFor();
  assert.equal(await tab.isFocused(field(tab, 'current_password')), true);
  assert.equal(await field(tab, 'new_password').inputValue(), NEW_PASSWORD);
});

test('password managers learn whose password is changed', async (t) => {
  const [tom, tab] = await accountTab(t);
  const name = tab.page.locator('#password-row [autocomplete=username]');
  assert.equal(await name.inputValue(), tom.username);
  assert.equal(await name.isVisible(), false);
});

test('a taken username is replaced by the suggestion with one click', async (t) => {
  const [, tab] = await accountTab(t);
  const json = { detail: { message: '', suggestion: 'Tom1' }, error_code: 'USERNAME_TAKEN' };
  await respond(tab, 'PATCH me', { status: 409, json });
  await tab.row(tab.texts.fields.username).click();
  await tab.page.getByLabel(tab.texts.account.new_username).fill('Tom');
  await tab.button(tab.texts.account.change_username).click();
  await tab.page.getByText(tab.texts.messages.errors.USERNAME_TAKEN).waitFor();
  await respond(tab, 'PATCH me', { json: {} });
  await tab.button(filled(tab.texts.messages.use_suggestion, { suggestion: 'Tom1' })).click();
  await tab.page.getByText(filled(tab.texts.messages.username_changed, { username: 'Tom1' })).waitFor();
  assert.equal(await tab.isFocused(tab.row(tab.texts.fields.username)), true);
});

for (const [when, deletesAt, message] of [
  ['at once', '2020-01-01T00:00:00Z', ({ deleted }) => deleted],
  ['later', '2120-01-02T03:04:05Z', ({ deletes_on }) => filled(deletes_on, { date: '2 January 2120' })],
]) {
  test(`an account that is deleted ${when} says goodbye and is logged out`, async (t) => {
    const [tom, tab] = await accountTab(t, { timezoneId: 'UTC' });
    const { account, messages } = tab.texts;
    await respond(tab, 'POST delete-account', WRONG_PASSWORD);
    await tab.row(account.delete.title).click();
    await field(tab, 'current_password').fill(tom.password);
    await tab.button(account.delete.submit).click();
    await tab.page.getByText(messages.errors.INCORRECT_PASSWORD).waitFor();
    await respond(tab, 'POST delete-account', { status: 202, json: { deletes_at: deletesAt } });
    const logout = tab.page.waitForResponse((response) => response.url().endsWith('/auth/logout'));
    await tab.button(account.delete.submit).click();
    await tab.heading(account.delete.done_title).waitFor();
    assert.equal(await tab.page.getByRole('heading', { level: 1 }).count(), 1);
    await tab.page.getByText(message(messages), { exact: true }).waitFor();
    assert.equal(await tab.page.getByText(tom.email).count(), 0);
    await tab.page.waitForFunction(() => document.activeElement.id === 'deleted');
    // Leaving the page earlier would cancel it.
    await logout;
    await tab.goto('/account');
    await tab.waitForLogin();
  });
}

test('during the grace period, a login keeps the account', async (t) => {
  const patient = await startService({ deletion_grace_days: '30' });
  const tom = await registeredUser(patient);
  const tab = await newTab(t, patient);
  const { account, messages } = tab.texts;
  await tab.goto('/auth/login');
  await tab.logIn(tom, tom.password);
  await tab.waitForAccountOf(tom);
  await tab.row(account.delete.title).click();
  await tab.page.getByText(filled(account.delete.grace, { days: 30 })).waitFor();
  await field(tab, 'current_password').fill(tom.password);
  await tab.button(account.delete.submit).click();
  await tab.page.getByText(messages.deletes_on.split('{date}')[0]).waitFor();
  await tab.goto('/auth/login');
  await tab.logIn(tom, tom.password);
  await tab.waitForAccountOf(tom);
  await tab.row(account.events).click();
  await tab.page.getByText(messages.actions['deletion.cancelled'], { exact: true }).waitFor();
});

test('the data is downloaded as a file, and errors are shown on the page', async (t) => {
  const [tom, tab] = await accountTab(t);
  await respond(tab, 'GET export', { status: 503, json: { detail: '', error_code: 'DB_LOCKED' } });
  await tab.button(tab.texts.account.download).click();
  await tab.waitForAlert(tab.texts.messages.unavailable);
  const data = { profile: { email: tom.email } };
  await respond(tab, 'GET export', { json: data });
  const [download] = await Promise.all([
    tab.page.waitForEvent('download'),
    tab.button(tab.texts.account.download).click(),
  ]);
  assert.equal(download.suggestedFilename(), 'account.json');
  assert.deepEqual(JSON.parse(await readFile(await download.path(), 'utf8')), data);
});

for (const row of ['sessions', 'events']) {
  test(`a session that has ended meanwhile leads from the ${row} to the login`, async (t) => {
    const [tom, tab] = await accountTab(t);
    await respond(tab, `GET ${row}`, UNAUTHORIZED);
    await respond(tab, 'POST refresh', UNAUTHORIZED);
    await tab.row(tab.texts.account[row]).click();
    await tab.waitForLogin();
    assert.equal(await tab.page.getByText(tom.email).count(), 0);
  });
}

test('a link can open a row', async (t) => {
  const [, tab] = await accountTab(t);
  await respond(tab, 'GET sessions', { json: SESSIONS });
  await tab.goto('about:blank');
  await tab.goto('/account#sessions-row');
  await tab.page.getByText('Safari on iPhone').waitFor();
});
