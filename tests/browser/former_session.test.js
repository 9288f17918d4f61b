// A session that is kept when another one begins: it is ended, and nothing waits for that.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ends, member, NEW_PASSWORD, resetLink, sessionOf, stranger } from './helpers/accounts.js';
import { newTab, openTab } from './helpers/pages.js';
import { startService } from './helpers/service.js';

const LOGIN = '/api/v1/auth/login';
const LOGOUT = '/api/v1/auth/logout';
const REFRESH = '/api/v1/auth/refresh';

const service = await startService({}, 'examples/frontend/spin.toml');

/** A tab at a path, and the session that its browser keeps: another person's. */
async function tabWithSession(t, path) {
  const former = await sessionOf(service, await member(service));
  const tab = await newTab(t, service);
  await tab.goto(path);
  const kept = JSON.stringify({ refresh_token: former.refresh_token });
  await tab.page.evaluate((value) => localStorage.setItem('gatehouse.session', value), kept);
  return [tab, former];
}

async function logIn(tab) {
  const tom = await member(service);
  await tab.logIn(tom, tom.password);
  await tab.seesAccountOf(tom);
}

async function register(tab) {
  const person = stranger();
  await tab.fill(person);
  await tab.submit('register');
  await tab.seesAccountOf(person);
}

async function logInAtFrontEnd({ page }) {
  const tom = await member(service);
  await page.getByLabel('Email or username').fill(tom.email);
  await page.getByLabel('Password').fill(tom.password);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await page.getByText('This is protected test data').waitFor();
}

for (const [name, path, begin] of [
  ['login', '/auth/login', logIn],
  ['registration', '/auth/register', register],
  ["front end's login", '/app/', logInAtFrontEnd],
]) {
  test(`the ${name} ends the session that was kept until then`, async (t) => {
    const [tab, former] = await tabWithSession(t, path);
    await begin(tab);
    await ends(service, former);
  });

  for (const [trouble, handle] of [
    ['is not answered', () => {}],
    ['is refused', (route) => route.fulfill({ status: 429 })],
    ['does not arrive', (route) => route.abort()],
  ]) {
    test(`the ${name} succeeds where the end of the former session ${trouble}`, async (t) => {
      const [tab] = await tabWithSession(t, path);
      await tab.visit.context.route(`**${LOGOUT}`, handle);
      const predicate = (request) => request.url().endsWith(LOGOUT);
      const asked = tab.visit.context.waitForEvent('request', { predicate });
      await Promise.all([asked, begin(tab)]);
    });
  }
}

test('a refresh of the former session that is under way does not bring it back', async (t) => {
  const [tab, former] = await tabWithSession(t, '/auth/login');
  const other = await openTab(tab.visit);
  let letGo;
  const isHeld = new Promise((resolve) => {
    const hold = (route) => {
      letGo = () => route.continue();
      resolve();
    };
    tab.visit.context.route(`**${REFRESH}`, hold, { times: 1 });
  });
  await other.goto('/account');
  await isHeld;
  const tom = await member(service);
  const answered = tab.page.waitForResponse(`**${LOGIN}`);
  await tab.logIn(tom, tom.password);
  await answered;
  await letGo();
  await tab.seesAccountOf(tom);
  await ends(service, former);
});

test('a reset ends the session that was kept, even if it is of another person', async (t) => {
  const tom = await member(service);
  const [tab, former] = await tabWithSession(t, await resetLink(service, tom));
  await tab.fill({ new_password: NEW_PASSWORD });
  await tab.submit('reset_password');
  await tab.heading(tab.texts.reset_password.done_title).waitFor();
  assert.deepEqual(await tab.storage(), {});
  await ends(service, former);
});
