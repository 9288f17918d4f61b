// The audit log: who did what to whom, by action and by user.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { registeredUser } from './helpers/accounts.js';
import { adminTab, heading, idOf, opener, userTab } from './helpers/admin.js';
import { Keyboard } from './helpers/keyboard.js';
import { startService } from './helpers/service.js';
import { filled } from './helpers/texts.js';

const service = await startService();
const EVENTS = '/api/v1/admin/events';

function entries(tab) {
  return tab.page.locator('#log li');
}

/** The titles of the log. */
function titles(tab) {
  return tab.page.locator('#log .entry-title').allTextContents();
}

function action(tab) {
  return tab.page.getByRole('combobox', { name: tab.texts.admin.event, exact: true });
}

function user(tab) {
  return tab.page.getByLabel(tab.texts.admin.user_hint);
}

/** Disables the user whose page is open. */
async function disable(tab, reason) {
  const { admin, admin_messages } = tab.texts;
  await opener(tab, admin.disable).click();
  await tab.page.getByLabel(admin.reason).fill(reason);
  await tab.button(admin.disable_submit).click();
  await tab.button(admin_messages.undo).waitFor();
}

for (const locale of ['en-GB', 'pl-PL']) {
  test(`an entry tells who did what to whom, why, and in which request, in ${locale}`, async (t) => {
    const tom = await registeredUser(service);
    const [anna, tab] = await userTab(t, service, tom, { locale });
    const { admin, admin_messages, messages } = tab.texts;
    const answered = tab.page.waitForResponse('**/disable');
    await disable(tab, 'Spam');
    const request = (await answered).headers()['x-request-id'];
    await new Keyboard(tab).press(tab.link(admin.log));
    assert.equal(await tab.isFocused(heading(tab, admin.log)), true);
    const entry = entries(tab).filter({ hasText: request }).filter({ hasText: messages.actions['user.disabled'] });
    await entry.waitFor();
    const text = await entry.textContent();
    for (const part of [filled(admin_messages.for_reason, { reason: 'Spam' }), `${admin_messages.by} ${anna.username}`]) {
      assert.ok(text.includes(part), text);
    }
    await entry.getByRole('link', { name: tom.username, exact: true }).click();
    await heading(tab, tom.username).waitFor();
  });
}

test('the log is filtered by action and by the name, the address or the id of a user', async (t) => {
  const tom = await registeredUser(service);
  const [, tab] = await userTab(t, service, tom);
  const id = await idOf(service, tom);
  const { admin, messages } = tab.texts;
  await disable(tab, 'Spam');
  await tab.link(admin.log).click();
  await action(tab).selectOption('user.registered');
  const { 'user.registered': registered, 'user.disabled': disabled } = messages.actions;
  await tab.page.waitForFunction(
    (title) => [...document.querySelectorAll('#log .entry-title')].every((entry) => entry.textContent === title),
    registered,
  );
  for (const text of [tom.username.toUpperCase(), tom.email, id]) {
    await user(tab).fill(text);
    await tab.page.waitForURL(`**/admin#log&user=${encodeURIComponent(text)}&action=user.registered`);
    await tab.page.waitForFunction(() => document.querySelectorAll('#log li').length === 1);
    assert.deepEqual(await titles(tab), [registered]);
  }
  await tab.page.reload();
  await entries(tab).first().waitFor();
  assert.deepEqual(await titles(tab), [registered]);
  await action(tab).selectOption('');
  await entries(tab).filter({ hasText: disabled }).waitFor();
  const users = await tab.page.locator('#log li a:first-child').evaluateAll((links) => links.map((link) => link.hash));
  assert.ok(users.includes(`#user=${id}`));
});

test('an unknown user and a filter without events say so', async (t) => {
  const [, tab] = await adminTab(t, service, { view: '#log' });
  await entries(tab).first().waitFor();
  await user(tab).fill('nobody-has-this');
  await tab.waitForAlert(tab.texts.admin_messages.no_such_user);
  assert.equal(await entries(tab).count(), 0);
  await user(tab).fill('');
  await action(tab).selectOption('deletion.scheduled');
  await tab.page.getByText(tab.texts.admin_messages.no_such_events).waitFor();
});

test('the log comes in pages, and the focus goes to the first new entry', async (t) => {
  const tom = await registeredUser(service);
  const id = await idOf(service, tom);
  await service.change(`
    INSERT INTO events (at, actor, action, user_id)
    WITH RECURSIVE numbers(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < 70)
    SELECT unixepoch() - n, '${id}', 'password.changed', '${id}' FROM numbers`);
  const [, tab] = await adminTab(t, service, { view: `#log&user=${id}` });
  await entries(tab).nth(49).waitFor();
  await new Keyboard(tab).press(tab.button(tab.texts.messages.more));
  await entries(tab).nth(70).waitFor();
  assert.equal(await tab.isFocused(entries(tab).nth(50)), true);
  assert.equal(await tab.button(tab.texts.messages.more).count(), 0);
  const cursors = (await tab.visit.requestsTo(EVENTS)).map(({ url }) => new URL(url).searchParams.has('cursor'));
  assert.deepEqual(cursors, [false, true]);
});

test("a user's page leads to the user's part of the log", async (t) => {
  const tom = await registeredUser(service);
  const [, tab] = await userTab(t, service, tom);
  const { account, admin, messages } = tab.texts;
  const keyboard = new Keyboard(tab);
  await keyboard.open(account.events);
  const own = tab.page.locator('[data-row=events]');
  await own.getByText(messages.actions['user.registered'], { exact: true }).waitFor();
  await keyboard.press(tab.link(admin.in_log));
  await heading(tab, admin.log).waitFor();
  await entries(tab).filter({ hasText: messages.actions['user.registered'] }).waitFor();
  assert.equal(await user(tab).inputValue(), await idOf(service, tom));
});
