// The session in the browser: survives reloads, is shared by all tabs, and ends in all of them at once.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NEW_PASSWORD, registeredUser, resetLink } from './helpers/accounts.js';
import { newTab, openTab } from './helpers/pages.js';
import { startService } from './helpers/service.js';

const REFRESH = '/api/v1/auth/refresh';
const service = await startService();

/** Registers a user, and opens a tab that is logged in. */
async function loggedIn(t) {
  const tom = await registeredUser(service);
  const tab = await newTab(t, service);
  await tab.goto('/auth/login');
  await tab.logIn(tom, tom.password);
  await tab.waitForAccountOf(tom);
  return [tom, tab];
}

function refreshTokens(requests) {
  return requests.map(({ body }) => JSON.parse(body).refresh_token);
}

test('the account page requires a login, which leads back to it', async (t) => {
  const tom = await registeredUser(service);
  const tab = await newTab(t, service);
  await tab.goto('/account');
  await tab.waitForLogin();
  await tab.logIn(tom, tom.password);
  await tab.waitForAccountOf(tom);
});

test('the session survives a reload, and only the refresh token is stored', async (t) => {
  const [tom, tab] = await loggedIn(t);
  await tab.page.reload();
  await tab.waitForAccountOf(tom);
  const { 'gatehouse.session': session, ...others } = await tab.storage();
  assert.deepEqual(others, {});
  assert.deepEqual(Object.keys(JSON.parse(session)), ['refresh_token']);
});

for (const [count, rounds] of [
  [2, 5],
  [6, 2],
]) {
  test(`${count} tabs stay logged in during concurrent refreshes`, async (t) => {
    const [tom, tab] = await loggedIn(t);
    const tabs = [tab];
    while (tabs.length < count) tabs.push(await openTab(tab.visit));
    const before = (await tab.visit.requestsTo(REFRESH)).length;
    for (let round = 0; round < rounds; round++) {
      await Promise.all(tabs.map((each) => each.goto('/account')));
      await Promise.all(tabs.map((each) => each.waitForAccountOf(tom)));
    }
    const refreshes = (await tab.visit.requestsTo(REFRESH)).length - before;
    assert.equal(refreshes, count * rounds);
  });
}

test('two tabs without locks that send the same token concurrently stay logged in', async (t) => {
  const [tom, tab] = await loggedIn(t);
  const other = await openTab(tab.visit);
  await tab.visit.context.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined });
  });
  const both = barrier(2);
  await tab.visit.context.route(`**${REFRESH}`, async (route) => {
    await both();
    await route.continue();
  });
  await Promise.all([tab.goto('/account'), other.goto('/account')]);
  await Promise.all([tab.waitForAccountOf(tom), other.waitForAccountOf(tom)]);
  const [first, second] = refreshTokens(await tab.visit.requestsTo(REFRESH)).slice(-2);
  assert.equal(first, second);
  await tab.visit.context.unroute(`**${REFRESH}`);
  await tab.page.reload();
  await tab.waitForAccountOf(tom);
});

/** Returns a barrier that opens when `count` calls are waiting. */
function barrier(count) {
  let open;
  const opened = new Promise((resolve) => (open = resolve));
  return () => {
    if (--count === 0) open();
    return opened;
  };
}

test('logging out in one tab logs out the other', async (t) => {
  const [tom, tab] = await loggedIn(t);
  const other = await openTab(tab.visit);
  await other.goto('/account');
  await other.waitForAccountOf(tom);
  await tab.button(tab.texts.account.log_out).click();
  await Promise.all([tab.waitForLogin(), other.waitForLogin()]);
  assert.deepEqual(await other.storage(), {});
});

test('after logging out the back button shows nothing of the account', async (t) => {
  const [tom, tab] = await loggedIn(t);
  await tab.goto('/auth/forgot-password');
  await tab.page.goBack();
  await tab.waitForAccountOf(tom);
  await tab.button(tab.texts.account.log_out).click();
  await tab.waitForLogin();
  await tab.goto('/account');
  await tab.waitForLogin();
  await tab.page.goBack();
  assert.equal(await tab.page.getByText(tom.email).count(), 0);
  await tab.waitForLogin();
});

test('a copied token is invalid after logging out', async (t) => {
  const [, tab] = await loggedIn(t);
  const { refresh_token } = JSON.parse((await tab.storage())['gatehouse.session']);
  await tab.button(tab.texts.account.log_out).click();
  await tab.waitForLogin();
  assert.equal((await service.post(REFRESH, { refresh_token })).status, 401);
});

test('a session that was ended elsewhere leads to the login and is forgotten', async (t) => {
  const [tom, tab] = await loggedIn(t);
  await service.change(
    `DELETE FROM sessions WHERE user_id = (SELECT id FROM users WHERE email = '${tom.email}')`,
  );
  await tab.page.reload();
  await tab.waitForLogin();
  assert.deepEqual(await tab.storage(), {});
});

test('a session that was ended elsewhere can still be logged out of', async (t) => {
  const [tom, tab] = await loggedIn(t);
  await service.change(
    `DELETE FROM sessions WHERE user_id = (SELECT id FROM users WHERE email = '${tom.email}')`,
  );
  await tab.button(tab.texts.account.log_out).click();
  await tab.waitForLogin();
  assert.deepEqual(await tab.storage(), {});
});

for (const stored of ['', 'null', '{}', '[]', '7', '{"refresh_token":7}', '{"refresh_token":"x"}', '{']) {
  test(`the stored session ${JSON.stringify(stored)} leads to the login`, async (t) => {
    const tab = await newTab(t, service);
    await tab.goto('/auth/login');
    await tab.page.evaluate((value) => localStorage.setItem('gatehouse.session', value), stored);
    await tab.goto('/account');
    await tab.waitForLogin();
  });
}

test('a reset in one tab ends the session in the other', async (t) => {
  const [tom, tab] = await loggedIn(t);
  const other = await openTab(tab.visit);
  await other.goto(await resetLink(service, tom));
  await other.fill({ new_password: NEW_PASSWORD });
  await other.submit('reset_password');
  await other.heading(other.texts.reset_password.done_title).waitFor();
  await tab.waitForLogin();
});
