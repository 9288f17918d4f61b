// Every page in every state that a person may find it in.

import { member, resetLink, stranger } from './accounts.js';

/** The scenes by their names; each takes a tab to its state. */
export const SCENES = {
  register: (tab) => tab.goto('/auth/register'),
  'register refused': async (tab) => {
    await tab.goto('/auth/register');
    await tab.fill({ email: 'nope', username: 'Tom!', password: 'short' });
    await tab.submit('register');
    await tab.isAlerted(tab.texts.messages.correct_fields);
  },
  'register taken': async (tab, service) => {
    const { username } = await member(service);
    await tab.goto('/auth/register');
    await tab.fill({ ...stranger(), username });
    await tab.submit('register');
    await tab.isRefused('username', tab.texts.messages.errors.USERNAME_TAKEN);
  },
  login: (tab) => tab.goto('/auth/login'),
  'login refused': async (tab) => {
    await tab.goto('/auth/login');
    await tab.logIn(stranger(), 'wrong horse 1');
    await tab.isAlerted(tab.texts.messages.errors.INCORRECT_CREDENTIALS);
  },
  'forgot password': (tab) => tab.goto('/auth/forgot-password'),
  'forgot password done': async (tab) => {
    await tab.goto('/auth/forgot-password');
    await tab.fill({ email: stranger().email });
    await tab.submit('forgot_password');
    await tab.heading(tab.texts.forgot_password.done_title).waitFor();
  },
  'reset password': async (tab, service) => tab.goto(await resetLink(service, await member(service))),
  'reset password done': async (tab, service) => {
    const tom = await member(service);
    await tab.goto(await resetLink(service, tom));
    await tab.fill({ new_password: tom.password });
    await tab.submit('reset_password');
    await tab.heading(tab.texts.reset_password.done_title).waitFor();
  },
  'reset password broken': async (tab) => {
    await tab.goto('/auth/reset-password');
    await tab.heading(tab.texts.reset_password.broken_title).waitFor();
  },
  account: async (tab, service) => {
    const tom = await member(service);
    await tab.goto('/auth/login');
    await tab.logIn(tom, tom.password);
    await tab.seesAccountOf(tom);
  },
};
