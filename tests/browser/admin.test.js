// What an administrator does to users, with the keyboard alone, and what it does to them.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  canLogIn,
  NEW_PASSWORD,
  registeredUser,
  sessionOf,
  unregisteredUser,
  waitForSessionEnd,
} from './helpers/accounts.js';
import { adminTab, heading, listed, opener, userTab } from './helpers/admin.js';
import { Keyboard } from './helpers/keyboard.js';
import { newTab } from './helpers/pages.js';
import { startService } from './helpers/service.js';
import { filled } from './helpers/texts.js';

const service = await startService();

/** Opens the page of a new user, with a keyboard. */
async function keyboardAt(t, options) {
  const tom = await registeredUser(service);
  const [anna, tab] = await userTab(t, service, tom, options);
  return { anna, tom, tab, keyboard: new Keyboard(tab), ...tab.texts };
}

/** Waits until this is said to screen readers, and asserts that the focus is there. */
async function waitForDone(tab, text) {
  const message = tab.page.getByRole('status').filter({ hasText: text });
  await message.waitFor();
  assert.equal(await tab.isFocused(message), true);
}

/** Waits until a fact about the user reads like this. */
function waitForFact(tab, name, text) {
  return tab.page.locator(`[data-fact=${name}]`).filter({ hasText: text }).waitFor();
}

/** Chooses an option in a list by its first letters. */
async function choose(keyboard, label, option) {
  await keyboard.reach(keyboard.tab.page.getByLabel(label, { exact: true }));
  await keyboard.keys.type(option);
}

for (const locale of ['en-GB', 'pl-PL']) {
  test(`a role is changed and changed back in ${locale}`, async (t) => {
    const { anna, tom, tab, keyboard, admin, admin_messages, account, messages } = await keyboardAt(t, { locale });
    await keyboard.press(tab.row(account.role));
    await tab.page.getByText(admin.role_intro).waitFor();
    await choose(keyboard, admin.new_role, messages.roles.ADMIN);
    await keyboard.press(tab.button(admin.change_role));
    await waitForDone(tab, filled(admin_messages.role_changed, { ...tom, role: messages.roles.ADMIN }));
    await waitForFact(tab, 'role', messages.roles.ADMIN);
    const other = await newTab(t, service);
    await other.goto('/auth/login');
    await other.logIn(tom, tom.password);
    await other.waitForAccountOf(tom);
    await other.link(other.texts.admin.title).click();
    await other.link(anna.username).waitFor();
    await keyboard.press(tab.button(admin_messages.undo));
    await waitForDone(tab, admin_messages.undone);
    await waitForFact(tab, 'role', messages.roles.REGULAR);
    await other.page.reload();
    await other.heading(other.texts.admin.denied_title).waitFor();
  });

  test(`a plan with an end is given and taken back in ${locale}`, async (t) => {
    const { tom, tab, keyboard, admin, admin_messages, account, messages } = await keyboardAt(t, { locale });
    await keyboard.press(tab.row(account.subscription));
    await choose(keyboard, admin.new_plan, messages.subscriptions.PRO);
    await tab.page.getByLabel(admin.plan_end).fill('2120-01-02T12:00');
    await keyboard.press(tab.button(admin.change_plan));
    await waitForDone(tab, filled(admin_messages.plan_changed, tom));
    await waitForFact(tab, 'subscription', '2120');
    await keyboard.open(account.events);
    const change = tab.page.locator('[data-row=events] li').filter({ hasText: messages.subscriptions.PRO });
    await change.getByText(messages.actions['user.updated']).waitFor();
    await keyboard.press(tab.button(admin_messages.undo));
    await waitForDone(tab, admin_messages.undone);
    await waitForFact(tab, 'subscription', messages.subscriptions.FREE);
    assert.equal(await tab.page.locator('[data-fact=subscription]').textContent(), messages.subscriptions.FREE);
  });

  test(`a disabled user is out at once, and back in by undo or later, in ${locale}`, async (t) => {
    const { tom, tab, keyboard, admin, admin_messages } = await keyboardAt(t, { locale });
    const session = await sessionOf(service, tom);
    await keyboard.press(opener(tab, admin.disable));
    await tab.page.getByText(admin.disable_intro).waitFor();
    await keyboard.type(admin.reason, 'Spam');
    await keyboard.submit();
    await waitForDone(tab, filled(admin_messages.is_disabled, tom));
    await waitForFact(tab, 'warning', filled(admin_messages.for_reason, { reason: 'Spam' }));
    await waitForSessionEnd(service, session);
    assert.equal(await canLogIn(service, tom, tom.password), false);
    await keyboard.press(tab.button(admin_messages.undo));
    await waitForDone(tab, admin_messages.undone);
    assert.equal(await canLogIn(service, tom, tom.password), true);
    await disableUntil(keyboard, '2120-01-02T12:00');
    await waitForFact(tab, 'warning', '2120');
    assert.equal(await canLogIn(service, tom, tom.password), false);
    await keyboard.press(opener(tab, admin.enable));
    await keyboard.press(tab.button(admin.enable_submit));
    await waitForDone(tab, filled(admin_messages.is_enabled, tom));
    assert.equal(await canLogIn(service, tom, tom.password), true);
  });

  test(`a deleted user is gone in ${locale}`, async (t) => {
    const { tom, tab, keyboard, account, admin, admin_messages } = await keyboardAt(t, { locale });
    const session = await sessionOf(service, tom);
    await keyboard.press(tab.row(account.delete.title));
    await tab.page.getByText(admin.delete_intro).waitFor();
    await keyboard.press(tab.button(filled(admin_messages.delete_user, tom)));
    await tab.page.getByRole('status').filter({ hasText: filled(admin_messages.user_deleted, tom) }).waitFor();
    await heading(tab, admin.users).waitFor();
    assert.ok(!(await listed(tab)).includes(tom.username));
    await waitForSessionEnd(service, session);
    assert.equal(await canLogIn(service, tom, tom.password), false);
  });
}

async function disableUntil(keyboard, moment) {
  const { admin } = keyboard.tab.texts;
  await keyboard.press(opener(keyboard.tab, admin.disable));
  await keyboard.type(admin.reason, 'Spam again');
  await keyboard.tab.page.getByLabel(admin.until).fill(moment);
  await keyboard.press(keyboard.tab.button(admin.disable_submit));
}

test('a plan can change without its end, to the second', async (t) => {
  const tom = await registeredUser(service);
  await service.change(
    `UPDATE users SET account_subscription = 'PRO', subscription_expires_at = '2120-01-02 03:04:05'
     WHERE email = '${tom.email}'`,
  );
  const [, tab] = await userTab(t, service, tom);
  const { admin, admin_messages, account } = tab.texts;
  await tab.row(account.subscription).click();
  await tab.page.getByLabel(admin.new_plan).selectOption('FREE');
  await tab.button(admin.change_plan).click();
  await waitForDone(tab, filled(admin_messages.plan_changed, tom));
  const { access_token } = await sessionOf(service, tom);
  const { body } = await service.request('/api/v1/auth/me', { headers: { authorization: `Bearer ${access_token}` } });
  assert.deepEqual([body.account_subscription, body.subscription_expires_at], ['FREE', '2120-01-02T03:04:05Z']);
});

test('an address is marked as verified', async (t) => {
  const { tom, tab, keyboard, admin, admin_messages, account } = await keyboardAt(t);
  await keyboard.press(opener(tab, admin.verify));
  await keyboard.press(tab.button(admin.verify));
  await waitForDone(tab, filled(admin_messages.address_verified, tom));
  await tab.page.getByText(account.verified, { exact: true }).waitFor();
  assert.equal(await opener(tab, admin.verify).count(), 0);
  await keyboard.open(account.events);
  await tab.page.locator('[data-row=events]').getByText(tab.texts.messages.actions['email.verified']).waitFor();
});

test('a user chooses a new password by the link that an administrator has sent', async (t) => {
  const { tom, tab, keyboard, admin, admin_messages } = await keyboardAt(t);
  await keyboard.press(opener(tab, admin.reset));
  await keyboard.press(tab.button(admin.send_reset));
  await waitForDone(tab, filled(admin_messages.reset_sent, tom));
  assert.equal(await canLogIn(service, tom, tom.password), true);
  const other = await newTab(t, service);
  await other.goto((await service.mail.next(tom.email, 'reset-password')).link);
  await other.fill({ new_password: NEW_PASSWORD });
  await other.submit('reset_password');
  await other.heading(other.texts.reset_password.done_title).waitFor();
  assert.equal(await canLogIn(service, tom, NEW_PASSWORD), true);
});

test('all devices are logged out', async (t) => {
  const { tom, tab, keyboard, admin, admin_messages, account } = await keyboardAt(t);
  const session = await sessionOf(service, tom);
  await keyboard.open(account.sessions);
  await tab.page.locator('[data-row=sessions] li').first().waitFor();
  await keyboard.press(tab.button(admin.end_sessions));
  await tab.page.getByRole('status').filter({ hasText: admin_messages.sessions_ended }).waitFor();
  assert.equal(await tab.page.locator('[data-row=sessions] li').count(), 0);
  assert.equal(await tab.isFocused(tab.page.locator('[data-row=sessions] .list')), true);
  await waitForSessionEnd(service, session);
  assert.equal(await canLogIn(service, tom, tom.password), true);
});

for (const hasUsername of [true, false]) {
  test(`an invited user ${hasUsername ? 'with' : 'without'} a username chooses a password`, async (t) => {
    const person = unregisteredUser();
    const [, tab] = await adminTab(t, service);
    const { admin, admin_messages, fields } = tab.texts;
    const keyboard = new Keyboard(tab);
    await keyboard.press(tab.button(admin.invite));
    await keyboard.type(fields.email, person.email);
    if (hasUsername) await keyboard.type(admin.invite_username, person.username);
    await keyboard.submit();
    await tab.page.getByRole('status').filter({ hasText: filled(admin_messages.invited, person) }).waitFor();
    await waitForFact(tab, 'email', person.email);
    if (hasUsername) await heading(tab, person.username).waitFor();
    const other = await newTab(t, service);
    await other.goto((await service.mail.next(person.email, 'reset-password')).link);
    await other.fill({ new_password: NEW_PASSWORD });
    await other.submit('reset_password');
    await other.heading(other.texts.reset_password.done_title).waitFor();
    assert.equal(await canLogIn(service, person, NEW_PASSWORD), true);
  });
}

test('a taken username is replaced by the suggestion, and a taken address is reported at its field', async (t) => {
  const tom = await registeredUser(service);
  const [, tab] = await adminTab(t, service);
  const { admin, admin_messages, fields, messages } = tab.texts;
  const keyboard = new Keyboard(tab);
  await keyboard.press(tab.button(admin.invite));
  await keyboard.type(fields.email, tom.email);
  await keyboard.submit();
  await tab.page.getByText(admin_messages.errors.EMAIL_TAKEN).waitFor();
  assert.equal(await tab.isFocused(tab.field('email')), true);
  await tab.field('email').fill(unregisteredUser().email);
  await keyboard.type(admin.invite_username, tom.username);
  await keyboard.submit();
  await keyboard.press(tab.button(filled(messages.use_suggestion, { suggestion: `${tom.username}1` })));
  await heading(tab, `${tom.username}1`).waitFor();
});
