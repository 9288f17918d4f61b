// Every page in each of its states.

import { registeredUser, resetLink, unregisteredUser } from './accounts.js';

/** The scenes, by name; each function brings a tab into its state. */
export const SCENES = {
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
  account: async (tab, service) => {
    const tom = await registeredUser(service);
    await tab.goto('/auth/login');
    await tab.logIn(tom, tom.password);
    await tab.waitForAccountOf(tom);
  },
};
