// A new login ends the session that earlier pages stored, in the background, and the one in the cookies.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  NEW_PASSWORD,
  registeredUser,
  resetLink,
  sessionOf,
  unregisteredUser,
  waitForSessionEnd,
} from './helpers/accounts.js';
import { newTab, openTab } from './helpers/pages.js';
import { startService } from './helpers/service.js';

const LOGOUT = '/api/v1/auth/logout';
const REFRESH = '/api/v1/auth/refresh';

const service = await startService({}, 'examples/frontend/spin.toml');

/** Opens a tab whose browser has stored another user's session. */
async function tabWithSession(t, path) {
  const previous = await sessionOf(service, await registeredUser(service));
  const tab = await newTab(t, service);
  await tab.goto(path);
  // The front end first looks for a session, and would take this one over.
  await tab.page.waitForLoadState('networkidle');
  await tab.storeFormer({ refresh_token: previous.refresh_token });
  return [tab, previous];
}

async function logIn(tab) {
  const tom = await registeredUser(service);
  await tab.logIn(tom, tom.password);
  await tab.waitForAccountOf(tom);
}

async function register(tab) {
  const person = unregisteredUser();
  await tab.fill(person);
  await tab.submit('register');
  await tab.waitForRegistrationOf(person);
}

async function logInAtFrontEnd({ page }) {
  const tom = await registeredUser(service);
  await page.getByLabel('Email or username').fill(tom.email);
  await page.getByLabel('Password').fill(tom.password);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await page.getByText('This is protected test data').waitFor();
}

for (const [name, path, startSession] of [
  ['login', '/auth/login', logIn],
  ['registration', '/auth/register', register],
  ["front end's login", '/app/', logInAtFrontEnd],
]) {
  test(`the ${name} ends the previously stored session`, async (t) => {
    const [tab, previous] = await tabWithSession(t, path);
    await startSession(tab);
    await waitForSessionEnd(service, previous);
    assert.deepEqual(await tab.storage(), {});
  });

  test(`the ${name} ends the session that was in the cookies`, async (t) => {
    const [tab] = await tabWithSession(t, '/auth/login');
    await logIn(tab);
    const { gatehouse: previous } = await tab.visit.sessionCookies();
    // The front end shows a login only without a session.
    await tab.visit.context.route('**/api/v1/data/test-data', (route) => route.abort(), { times: 1 });
    await tab.goto(path);
    await startSession(tab);
    await waitForSessionEnd(service, { access_token: previous.value });
  });

  for (const [failure, handle] of [
    ['gets no response', () => {}],
    ['is rejected', (route) => route.fulfill({ status: 429 })],
    ['fails', (route) => route.abort()],
  ]) {
    test(`the ${name} succeeds if the logout of the previous session ${failure}`, async (t) => {
      const [tab] = await tabWithSession(t, path);
      await tab.visit.context.route(`**${LOGOUT}`, handle);
      const predicate = (request) => request.url().endsWith(LOGOUT);
      const requested = tab.visit.context.waitForEvent('request', { predicate });
      await Promise.all([requested, startSession(tab)]);
    });
  }
}

test('a pending refresh of the previous session does not restore it', async (t) => {
  const [tab, previous] = await tabWithSession(t, '/auth/login');
  const other = await openTab(tab.visit);
  let hold;
  const held = new Promise((resolve) => (hold = resolve));
  await tab.visit.context.route(`**${REFRESH}`, hold, { times: 1 });
  await other.goto('/account');
  const refresh = await held;
  const tom = await registeredUser(service);
  await tab.logIn(tom, tom.password);
  await refresh.continue();
  await tab.waitForAccountOf(tom);
  await waitForSessionEnd(service, previous);
  assert.deepEqual(await tab.storage(), {});
});

test('a reset ends the stored session, even if it belongs to another user', async (t) => {
  const tom = await registeredUser(service);
  const [tab, previous] = await tabWithSession(t, await resetLink(service, tom));
  await tab.fill({ new_password: NEW_PASSWORD });
  await tab.submit('reset_password');
  await tab.heading(tab.texts.reset_password.done_title).waitFor();
  assert.deepEqual(await tab.storage(), {});
  await waitForSessionEnd(service, previous);
});
