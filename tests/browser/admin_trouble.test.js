// What keeps administrators from going on: passwords asked again, lost rights, lost connections.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { canLogIn, registeredUser } from './helpers/accounts.js';
import { administrator, adminTab, answer, heading, idOf, letLoginsAge, opener, userTab } from './helpers/admin.js';
import { Keyboard } from './helpers/keyboard.js';
import { newTab, openTab } from './helpers/pages.js';
import { startService } from './helpers/service.js';
import { filled } from './helpers/texts.js';

const service = await startService();
const BUSY = { status: 503, json: { detail: '', error_code: 'DB_LOCKED' } };
const THROTTLED = { status: 429, headers: { 'retry-after': '7' }, json: { detail: '' } };

/** The field of the dialog that asks for the password. */
function password(tab) {
  return tab.field('current_password');
}

/** Lets logins age, and presses the button that deletes the user. */
async function deleteLater(tab, keyboard, person) {
  await letLoginsAge(service);
  await keyboard.open(tab.texts.account.delete.title);
  await keyboard.press(tab.button(filled(tab.texts.admin_messages.delete_user, person)));
  await tab.page.getByRole('dialog').waitFor();
}

for (const locale of ['en-GB', 'pl-PL']) {
  test(`what cannot be undone takes the password after a while in ${locale}`, async (t) => {
    const tom = await registeredUser(service);
    const [anna, tab] = await userTab(t, service, tom, { locale });
    const keyboard = new Keyboard(tab);
    await deleteLater(tab, keyboard, tom);
    assert.equal(await tab.isFocused(password(tab)), true);
    await keyboard.keys.type('wrong horse 1');
    await keyboard.submit();
    await tab.page.getByText(tab.texts.messages.errors.INCORRECT_PASSWORD).waitFor();
    assert.equal(await canLogIn(service, tom, tom.password), true);
    await password(tab).fill(anna.password);
    await keyboard.submit();
    const deleted = filled(tab.texts.admin_messages.user_deleted, tom);
    await tab.page.getByRole('status').filter({ hasText: deleted }).waitFor();
    assert.equal(await canLogIn(service, tom, tom.password), false);
    const logins = await tab.visit.requestsTo('/api/v1/auth/login');
    assert.ok(logins.at(-1).body.includes('session=cookie'));
  });
}

test('without the password nothing happens, and the focus is where it was', async (t) => {
  const tom = await registeredUser(service);
  const [, tab] = await userTab(t, service, tom);
  const keyboard = new Keyboard(tab);
  for (const close of [() => keyboard.keys.press('Escape'), () => tab.button(tab.texts.admin.cancel).click()]) {
    await deleteLater(tab, keyboard, tom);
    await close();
    const button = tab.button(filled(tab.texts.admin_messages.delete_user, tom));
    await tab.page.waitForFunction((node) => node === document.activeElement, await button.elementHandle());
    assert.equal(await tab.page.getByRole('alert').filter({ visible: true }).count(), 0);
    await keyboard.open(tab.texts.account.delete.title);
  }
  assert.equal(await canLogIn(service, tom, tom.password), true);
});

test('a role is changed after the password, and what can be undone never asks', async (t) => {
  const tom = await registeredUser(service);
  const [anna, tab] = await userTab(t, service, tom);
  const { account, admin, admin_messages, messages } = tab.texts;
  await letLoginsAge(service);
  await tab.row(account.subscription).click();
  await tab.button(admin.change_plan).click();
  await tab.page.getByText(filled(admin_messages.plan_changed, tom)).waitFor();
  await tab.row(account.role).click();
  await tab.page.getByLabel(admin.new_role).selectOption('MODERATOR');
  await tab.button(admin.change_role).click();
  await password(tab).fill(anna.password);
  await tab.page.keyboard.press('Enter');
  await tab.page.locator('[data-fact=role]').filter({ hasText: messages.roles.MODERATOR }).waitFor();
});

test('the last administrator can neither step down nor be disabled or deleted', async (t) => {
  const own = await startService();
  const anna = await administrator(own);
  const tab = await newTab(t, own);
  const view = `#user=${await idOf(own, anna)}`;
  await tab.goto(`/admin${view}`);
  await tab.waitForLogin();
  await tab.logIn(anna, anna.password);
  await heading(tab, anna.username).waitFor();
  const { account, admin, admin_messages } = tab.texts;
  await tab.page.getByText(admin_messages.you, { exact: true }).waitFor();
  await tab.row(account.role).click();
  await tab.page.getByLabel(admin.new_role).selectOption('REGULAR');
  await opener(tab, admin.disable).click();
  await tab.page.getByLabel(admin.reason).fill('Tired');
  await tab.row(account.delete.title).click();
  const buttons = [admin.change_role, admin.disable_submit, filled(admin_messages.delete_user, anna)];
  for (const [index, name] of buttons.entries()) {
    await tab.button(name).click();
    const refusals = tab.page.getByRole('alert').filter({ hasText: admin_messages.errors.LAST_ADMIN });
    await refusals.nth(index).waitFor();
  }
  assert.equal(await canLogIn(own, anna, anna.password), true);
});

test('an administrator by the settings stays one, and the page says so', async (t) => {
  const email = 'boss@example.com';
  const own = await startService({ admin_emails: email });
  const boss = await registeredUser(own, { email, username: 'Boss', password: 'correct horse 1' });
  await own.change(`UPDATE users SET email_verified_at = 1764000000 WHERE email = '${email}'`);
  const tab = await newTab(t, own);
  await tab.goto('/auth/login');
  await tab.logIn(boss, boss.password);
  await tab.waitForAccountOf(boss);
  await tab.link(tab.texts.admin.title).click();
  await tab.link(boss.username).click();
  const { account, admin, admin_messages, messages } = tab.texts;
  await tab.row(account.role).click();
  await tab.page.getByText(admin.role_by_setting).waitFor();
  await tab.page.getByLabel(admin.new_role).selectOption('REGULAR');
  await tab.button(admin.change_role).click();
  const said = filled(admin_messages.role_changed, { ...boss, role: messages.roles.ADMIN });
  await tab.page.getByText(said).waitFor();
  assert.equal(await tab.button(admin_messages.undo).count(), 0);
});

test('without a session the login comes first, and leads to the same view', async (t) => {
  const [anna, tom] = [await administrator(service), await registeredUser(service)];
  const tab = await newTab(t, service);
  await tab.goto(`/admin#user=${await idOf(service, tom)}`);
  await tab.waitForLogin();
  await tab.logIn(anna, anna.password);
  await heading(tab, tom.username).waitFor();
});

test('others than administrators see nothing, and no link to the page', async (t) => {
  const tom = await registeredUser(service);
  const tab = await newTab(t, service);
  await tab.goto('/auth/login');
  await tab.logIn(tom, tom.password);
  await tab.waitForAccountOf(tom);
  assert.equal(await tab.link(tab.texts.admin.title).count(), 0);
  await tab.goto('/admin');
  await tab.heading(tab.texts.admin.denied_title).waitFor();
  assert.equal(await tab.page.getByRole('heading', { level: 1 }).count(), 1);
  assert.equal(await tab.page.locator('#content').count(), 0);
  const requests = await tab.visit.requests();
  assert.deepEqual(requests.filter(({ url }) => url.includes('/api/v1/admin/')), []);
});

test('who is no administrator any more loses sight of all users at once', async (t) => {
  const [anna, tab] = await adminTab(t, service);
  await tab.link(anna.username).waitFor();
  await service.change(`UPDATE users SET account_role = 'REGULAR' WHERE email = '${anna.email}'`);
  await tab.page.getByLabel(tab.texts.admin.search).fill('x');
  await tab.heading(tab.texts.admin.denied_title).waitFor();
  assert.equal(await tab.isFocused(tab.page.locator('#denied')), true);
  assert.equal(await tab.page.getByText(anna.email).count(), 0);
});

test('a session that ends in another tab takes all data along', async (t) => {
  const [anna, tab] = await adminTab(t, service);
  await tab.link(anna.username).waitFor();
  const other = await openTab(tab.visit);
  await other.goto('/account');
  await other.button(other.texts.account.log_out).click();
  await tab.waitForLogin();
  assert.equal(await tab.page.getByText(anna.email).count(), 0);
});

test('the list can be loaded again after each kind of failure', async (t) => {
  const [anna, tab] = await adminTab(t, service);
  const { common, messages } = tab.texts;
  await tab.link(anna.username).waitFor();
  const search = tab.page.getByLabel(tab.texts.admin.search);
  await tab.visit.context.setOffline(true);
  await search.fill(anna.username);
  await tab.waitForAlert(messages.offline);
  assert.equal(await tab.page.getByRole('table').count(), 0);
  await tab.visit.context.setOffline(false);
  for (const [response, text] of [
    [BUSY, messages.unavailable],
    [THROTTLED, messages.too_many_requests.split('{when}')[0]],
    [{ status: 502, body: '<h1>Bad Gateway</h1>' }, messages.failed],
  ]) {
    await answer(tab, 'users', response, { times: 1 });
    await tab.button(common.retry).click();
    await tab.waitForAlert(text);
  }
  await tab.button(common.retry).click();
  await tab.link(anna.username).waitFor();
  assert.equal(await tab.page.getByRole('alert').filter({ visible: true }).count(), 0);
});

test('an action that fails keeps what was typed, and works once online', async (t) => {
  const tom = await registeredUser(service);
  const [, tab] = await userTab(t, service, tom);
  const { admin, admin_messages, messages } = tab.texts;
  await opener(tab, admin.disable).click();
  await tab.page.getByLabel(admin.reason).fill('Spam');
  await tab.visit.context.setOffline(true);
  await tab.button(admin.disable_submit).click();
  await tab.waitForAlert(messages.offline);
  assert.equal(await tab.page.getByLabel(admin.reason).inputValue(), 'Spam');
  await tab.visit.context.setOffline(false);
  await tab.button(admin.disable_submit).click();
  await tab.page.getByText(filled(admin_messages.is_disabled, tom)).waitFor();
  await tab.visit.context.setOffline(true);
  await tab.button(admin_messages.undo).click();
  await tab.page.getByText(messages.offline).waitFor();
  await tab.visit.context.setOffline(false);
  await tab.button(admin_messages.undo).click();
  await tab.page.getByText(admin_messages.undone).waitFor();
  assert.equal(await canLogIn(service, tom, tom.password), true);
});

for (const locale of ['en-GB', 'pl-PL']) {
  test(`a missing reason and a past end are reported at their fields in ${locale}`, async (t) => {
    const [, tab] = await userTab(t, service, await registeredUser(service), { locale });
    const { admin, admin_messages } = tab.texts;
    await opener(tab, admin.disable).click();
    await tab.page.getByLabel(admin.until).fill('2020-01-02T12:00');
    await tab.button(admin.disable_submit).click();
    for (const text of ['The reason must not be empty.', 'The time must be in the future.']) {
      await tab.page.getByText(admin_messages.rules[text]).waitFor();
    }
    assert.equal(await tab.isFocused(tab.page.getByLabel(admin.reason)), true);
  });
}

test('no link can be sent to a disabled user', async (t) => {
  const tom = await registeredUser(service);
  await service.change(`UPDATE users SET disabled_at = 1764000000 WHERE email = '${tom.email}'`);
  const [, tab] = await adminTab(t, service);
  await tab.page.getByLabel(tab.texts.admin.search).fill(tom.username);
  await tab.link(tom.username).click();
  await opener(tab, tab.texts.admin.reset).click();
  await tab.button(tab.texts.admin.send_reset).click();
  await tab.waitForAlert(tab.texts.admin_messages.errors.USER_IS_DISABLED);
});

for (const id of ['b0f5d8f2-3c53-4c0e-9c59-6f1f0a1f7a52', 'nope', 'a"]', '../events', '%2e%2e%2fevents']) {
  test(`the page of the unknown user ${id} says so`, async (t) => {
    const [, tab] = await adminTab(t, service, { view: `#user=${encodeURIComponent(id)}` });
    await tab.waitForAlert(tab.texts.admin_messages.errors.NOT_FOUND);
    const paths = (await tab.visit.requests()).map(({ url }) => new URL(url).pathname);
    assert.ok(!paths.includes('/api/v1/admin/events'), paths.join());
    await tab.link(`← ${tab.texts.admin.users}`).click();
    await heading(tab, tab.texts.admin.users).waitFor();
  });
}
