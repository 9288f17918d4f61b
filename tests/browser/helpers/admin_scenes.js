// The page of administrators in each of its states.

import { SESSIONS } from './account_api.js';
import { registeredUser } from './accounts.js';
import { administrator, answer, heading, idOf, letLoginsAge, opener } from './admin.js';

const BUSY = { status: 503, json: { detail: '', error_code: 'DB_LOCKED' } };
const LONG = 'a-rather-long-name-of-30-chars';

/** Logs in a new administrator, and opens a view. */
async function enter(tab, service, view = '') {
  const anna = await administrator(service);
  await tab.goto('/auth/login');
  await tab.logIn(anna, anna.password);
  await tab.waitForAccountOf(anna);
  await tab.goto(`/admin${view}`);
  return anna;
}

/** Logs in a new administrator, and opens the page of a new user. */
async function enterUser(tab, service, change) {
  const tom = await registeredUser(service);
  const id = await idOf(service, tom);
  if (change) await service.change(`UPDATE users SET ${change} WHERE id = '${id}'`);
  await enter(tab, service, `#user=${id}`);
  await heading(tab, tom.username).waitFor();
  return tom;
}

/** Users of every kind. */
function users() {
  const base = { account_role: 'REGULAR', account_subscription: 'FREE', created_at: '2026-11-22T11:46:27Z' };
  const end = '2027-01-02T03:04:05Z';
  return [
    { status: 'active', username: 'Anna', account_role: 'ADMIN' },
    { status: 'unverified', username: 'Tom', account_subscription: 'PRO', subscription_expires_at: end },
    { status: 'disabled', username: LONG, email: `${LONG}@subdomain.of.a.long.host.example.com` },
    { status: 'deleting', username: 'Zoe', account_role: 'MODERATOR' },
  ].map((user, index) => ({ ...base, id: `${index}`, email: `${user.username.toLowerCase()}@example.com`, ...user }));
}

export const ADMIN_SCENES = {
  'admin users': async (tab, service) => {
    await answer(tab, 'users', { json: { items: users(), next_cursor: 'more' } });
    await enter(tab, service);
    await tab.link(LONG).waitFor();
  },
  'admin users none': async (tab, service) => {
    await enter(tab, service, '#query=nobody-has-this');
    await tab.page.getByText(tab.texts.admin_messages.no_users).waitFor();
  },
  'admin users failed': async (tab, service) => {
    await answer(tab, 'users', BUSY);
    await enter(tab, service);
    await tab.waitForAlert(tab.texts.messages.unavailable);
  },
  'admin users slow': async (tab, service) => {
    await tab.page.route('**/api/v1/admin/users', () => {});
    await enter(tab, service);
    await tab.page.getByText(tab.texts.messages.loading).waitFor();
  },
  'admin invite': async (tab, service) => {
    await enter(tab, service);
    await tab.button(tab.texts.admin.invite).click();
    await tab.button(tab.texts.admin.invite_submit).click();
    await tab.waitForAlert(tab.texts.messages.correct_fields);
  },
  'admin user': (tab, service) =>
    enterUser(tab, service, 'email_verified_at = 1764000000, deletes_at = 4764000000'),
  'admin user forms': async (tab, service) => {
    const tom = await enterUser(tab, service);
    const id = new URL(tab.page.url()).hash.slice('#user='.length);
    await answer(tab, `users/${id}/sessions`, { json: SESSIONS.map((session) => ({ ...session, current: false })) });
    for (const summary of await tab.page.locator('summary:visible').all()) await summary.click();
    await tab.page.locator('[data-row=sessions] li').first().waitFor();
    await tab.page.locator('[data-row=events] li').first().waitFor();
    await tab.button(tab.texts.admin.disable_submit).click();
    await tab.waitForAlert(tab.texts.messages.correct_fields);
    return tom;
  },
  'admin user disabled': async (tab, service) => {
    await enterUser(tab, service);
    await opener(tab, tab.texts.admin.disable).click();
    await tab.page.getByLabel(tab.texts.admin.reason).fill('Spam in the comments, see ticket 4711');
    await tab.page.getByLabel(tab.texts.admin.until).fill('2120-01-02T12:00');
    await tab.button(tab.texts.admin.disable_submit).click();
    await tab.button(tab.texts.admin_messages.undo).waitFor();
  },
  'admin user unknown': async (tab, service) => {
    await enter(tab, service, '#user=nope');
    await tab.waitForAlert(tab.texts.admin_messages.errors.NOT_FOUND);
  },
  'admin password': async (tab, service) => {
    await enterUser(tab, service);
    await letLoginsAge(service);
    await tab.row(tab.texts.account.role).click();
    await tab.page.getByLabel(tab.texts.admin.new_role).selectOption('ADMIN');
    await tab.button(tab.texts.admin.change_role).click();
    await tab.page.getByRole('dialog').waitFor();
  },
  'admin log': async (tab, service) => {
    await ADMIN_SCENES['admin user disabled'](tab, service);
    await tab.link(tab.texts.admin.log).click();
    await tab.page.locator('#log li').first().waitFor();
  },
  'admin denied': async (tab, service) => {
    const tom = await registeredUser(service);
    await tab.goto('/auth/login');
    await tab.logIn(tom, tom.password);
    await tab.waitForAccountOf(tom);
    await tab.goto('/admin');
    await tab.heading(tab.texts.admin.denied_title).waitFor();
  },
};
