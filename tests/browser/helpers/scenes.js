// Every page in each of its states.

import { EVENTS, respond, SESSIONS } from './account_api.js';
import { NEW_PASSWORD, registeredUser, resetLink, unregisteredUser, verificationMail } from './accounts.js';
import { ADMIN_SCENES } from './admin_scenes.js';

const BUSY = { status: 503, json: { detail: '', error_code: 'DB_LOCKED' } };

/** The scenes, by name; each function brings a tab into its state. */
export const SCENES = {
  ...ADMIN_SCENES,
  register: (tab) => tab.goto('/auth/register'),
  'register refused': async (tab) => {
    await tab.goto('/auth/register');
    await tab.fill({ email: 'nope', username: 'Tom!', password: 'short' });
    await tab.submit('register');
    await tab.waitForAlert(tab.texts.messages.correct_fields);
  },
  'register taken': async (tab, service) => {
    const { username } = await registeredUser(service);
    await tab.goto('/auth/register');
    await tab.fill({ ...unregisteredUser(), username });
    await tab.submit('register');
    await tab.waitForFieldError('username', tab.texts.messages.errors.USERNAME_TAKEN);
  },
  login: (tab) => tab.goto('/auth/login'),
  'login refused': async (tab) => {
    await tab.goto('/auth/login');
    await tab.logIn(unregisteredUser(), 'wrong horse 1');
    await tab.waitForAlert(tab.texts.messages.errors.INCORRECT_CREDENTIALS);
  },
  'forgot password': (tab) => tab.goto('/auth/forgot-password'),
  'forgot password done': async (tab) => {
    await tab.goto('/auth/forgot-password');
    await tab.fill({ email: unregisteredUser().email });
    await tab.submit('forgot_password');
    await tab.heading(tab.texts.forgot_password.done_title).waitFor();
  },
  'reset password': async (tab, service) => tab.goto(await resetLink(service, await registeredUser(service))),
  'reset password done': async (tab, service) => {
    const tom = await registeredUser(service);
    await tab.goto(await resetLink(service, tom));
    await tab.fill({ new_password: tom.password });
    await tab.submit('reset_password');
    await tab.heading(tab.texts.reset_password.done_title).waitFor();
  },
  'reset password broken': async (tab) => {
    await tab.goto('/auth/reset-password');
    await tab.heading(tab.texts.reset_password.broken_title).waitFor();
  },
  'continue failed': async (tab) => {
    await tab.page.route('**/api/v1/auth/refresh', (route) => route.fulfill({ status: 503 }));
    await tab.goto('/auth/continue');
    await tab.waitForAlert(tab.texts.messages.unavailable);
  },
  'register code': async (tab) => {
    await tab.register(unregisteredUser());
    await tab.heading(tab.texts.verify_email.sent_title).waitFor();
  },
  'verify email': async (tab, service) => {
    const { link } = await verificationMail(service, await registeredUser(service));
    await tab.goto(link);
    await tab.heading(tab.texts.verify_email.title).waitFor();
  },
  'verify email done': async (tab, service) => {
    await SCENES['verify email'](tab, service);
    await tab.submit('verify_email');
    await tab.heading(tab.texts.verify_email.done_title).waitFor();
  },
  'verify email broken': async (tab) => {
    await tab.goto('/auth/verify-email?token=nope');
    await tab.submit('verify_email');
    await tab.heading(tab.texts.reset_password.broken_title).waitFor();
  },
  'verify email code refused': async (tab) => {
    await tab.goto('/auth/verify-email?verification_id=b0f5d8f2-3c53-4c0e-9c59-6f1f0a1f7a52');
    await tab.fill({ code: '1234 5678' });
    await tab.submit('verify_email');
    await tab.waitForFieldError('code', tab.texts.messages.errors.INVALID_VERIFICATION_TOKEN);
  },
  'verify email without mail': (tab) => tab.goto('/auth/verify-email'),
  'not me': async (tab) => {
    await tab.goto('/auth/not-me?token=nope');
    await tab.heading(tab.texts.not_me.title).waitFor();
  },
  'not me done': async (tab, service) => {
    const tom = await registeredUser(service);
    const token = new URL(await resetLink(service, tom)).searchParams.get('token');
    await service.post('/api/v1/auth/reset-password', { token, new_password: NEW_PASSWORD });
    await tab.goto((await service.mail.next(tom.email, 'not-me')).link);
    await tab.submit('not_me');
    await tab.heading(tab.texts.not_me.done_title).waitFor();
  },
  'not me broken': async (tab) => {
    await tab.goto('/auth/not-me');
    await tab.heading(tab.texts.reset_password.broken_title).waitFor();
  },
  account: async (tab, service) => {
    const tom = await registeredUser(service);
    await tab.goto('/auth/login');
    await tab.logIn(tom, tom.password);
    await tab.waitForAccountOf(tom);
  },
  'account forms': async (tab, service) => {
    await SCENES.account(tab, service);
    const { account, fields, messages } = tab.texts;
    for (const label of [fields.username, fields.email, fields.password, account.delete.title]) {
      await tab.row(label).click();
    }
    await tab.button(account.change_email).click();
    await tab.waitForAlert(messages.correct_fields);
  },
  'account code': async (tab, service) => {
    await SCENES.account(tab, service);
    await tab.row(tab.texts.fields.email).click();
    await tab.button(tab.texts.account.verify).click();
    await tab.field('code').waitFor();
  },
  'account lists': async (tab, service) => {
    await respond(tab, 'GET sessions', { json: SESSIONS });
    await respond(tab, 'GET events', { json: { items: EVENTS, next_cursor: '42' } });
    await SCENES.account(tab, service);
    await openLists(tab);
    await tab.page.locator('#sessions-row li').first().waitFor();
    await tab.page.locator('#events-row li').first().waitFor();
  },
  'account lists failed': async (tab, service) => {
    await respond(tab, 'GET sessions', BUSY);
    await respond(tab, 'GET events', BUSY);
    await SCENES.account(tab, service);
    await openLists(tab);
    await tab.page.getByRole('alert').nth(1).waitFor();
  },
  'account deleted': async (tab, service) => {
    await respond(tab, 'POST delete-account', { status: 202, json: { deletes_at: '2120-01-02T03:04:05Z' } });
    await SCENES.account(tab, service);
    await tab.row(tab.texts.account.delete.title).click();
    await tab.button(tab.texts.account.delete.submit).click();
    await tab.heading(tab.texts.account.delete.done_title).waitFor();
  },
};

async function openLists(tab) {
  await tab.row(tab.texts.account.sessions).click();
  await tab.row(tab.texts.account.events).click();
}
