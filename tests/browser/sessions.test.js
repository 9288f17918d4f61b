// The session in the browser: survives reloads, is shared by all tabs, and ends in all of them at once.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NEW_PASSWORD, registeredUser, resetLink, sessionOf, waitForSessionEnd } from './helpers/accounts.js';
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

const NOTHING = { cookie: '', local: {}, session: {} };

/** The refresh tokens in the cookies of requests. */
function refreshTokens(requests) {
  return requests.map(({ headers }) => headers.cookie.match(/gatehouse-refresh=([^;]+)/)[1]);
}

test('the account page requires a login, which leads back to it', async (t) => {
  const tom = await registeredUser(service);
  const tab = await newTab(t, service);
  await tab.goto('/account');
  await tab.waitForLogin();
  await tab.logIn(tom, tom.password);
  await tab.waitForAccountOf(tom);
});

test('the session survives a reload, and no script can read its tokens', async (t) => {
  const [tom, tab] = await loggedIn(t);
  assert.deepEqual(await tab.readable(), NOTHING);
  await tab.page.reload();
  await tab.waitForAccountOf(tom);
  assert.deepEqual(await tab.readable(), NOTHING);
  const { gatehouse: access, 'gatehouse-refresh': refresh } = await tab.visit.sessionCookies();
  assert.deepEqual([access.httpOnly, access.sameSite, access.path], [true, 'Lax', '/']);
  assert.deepEqual([refresh.httpOnly, refresh.sameSite, refresh.path], [true, 'Strict', '/api/v1/auth']);
});

test('no response gives a token to a script', async (t) => {
  const tom = await registeredUser(service);
  const tab = await newTab(t, service);
  const bodies = [];
  tab.page.on('response', async (response) => {
    if (response.url().includes('/api/')) bodies.push(response.text().catch(() => ''));
  });
  await tab.goto('/auth/login');
  await tab.logIn(tom, tom.password);
  await tab.waitForAccountOf(tom);
  await tab.visit.expireAccess();
  await tab.page.reload();
  await tab.waitForAccountOf(tom);
  const tokens = Object.values(await tab.visit.sessionCookies()).map(({ value }) => value);
  assert.equal(tokens.length, 2);
  const texts = await Promise.all(bodies);
  assert.ok(texts.length >= 4, `${texts.length} responses`);
  for (const text of texts) {
    assert.ok(!text.includes('_token') && !tokens.some((token) => text.includes(token)), text);
  }
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
      await Promise.all(tabs.map((each) => each.goto('about:blank')));
      await tab.visit.expireAccess();
      await Promise.all(tabs.map((each) => each.goto('/account')));
      await Promise.all(tabs.map((each) => each.waitForAccountOf(tom)));
    }
    const refreshes = (await tab.visit.requestsTo(REFRESH)).length - before;
    // A tab that starts late finds the cookies that another one has renewed.
    assert.ok(refreshes >= rounds && refreshes <= count * rounds, `${refreshes} refreshes`);
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
  await tab.visit.expireAccess();
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
  assert.deepEqual(await tab.visit.sessionCookies(), {});
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
  const { value: refresh_token } = (await tab.visit.sessionCookies())['gatehouse-refresh'];
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
  assert.deepEqual(await tab.visit.sessionCookies(), {});
});

test('a session that was ended elsewhere can still be logged out of', async (t) => {
  const [tom, tab] = await loggedIn(t);
  await service.change(
    `DELETE FROM sessions WHERE user_id = (SELECT id FROM users WHERE email = '${tom.email}')`,
  );
  await tab.button(tab.texts.account.log_out).click();
  await tab.waitForLogin();
  assert.deepEqual(await tab.visit.sessionCookies(), {});
});

for (const stored of ['', 'null', '{}', '[]', '7', '{"refresh_token":7}', '{"refresh_token":"x"}', '{']) {
  test(`the stored session ${JSON.stringify(stored)} leads to the login`, async (t) => {
    const tab = await newTab(t, service);
    await tab.goto('/auth/login');
    await tab.storeFormer(stored);
    await tab.goto('/account');
    await tab.waitForLogin();
  });
}

test('a session that earlier pages stored goes on in cookies, and is removed from the storage', async (t) => {
  const tom = await registeredUser(service);
  const former = await sessionOf(service, tom);
  const tab = await newTab(t, service);
  await tab.goto('/auth/login');
  await tab.storeFormer({ refresh_token: former.refresh_token });
  await tab.goto('/account');
  await tab.waitForAccountOf(tom);
  assert.deepEqual(await tab.readable(), NOTHING);
  await tab.button(tab.texts.account.log_out).click();
  await tab.waitForLogin();
  await waitForSessionEnd(service, former);
});

test('a stored session that has ended gives way to the one in the cookies', async (t) => {
  const [tom, tab] = await loggedIn(t);
  await tab.storeFormer({ refresh_token: 'over' });
  await tab.page.reload();
  await tab.waitForAccountOf(tom);
  assert.deepEqual(await tab.readable(), NOTHING);
});

test('a reset in one tab ends the session in the other', async (t) => {
  const [tom, tab] = await loggedIn(t);
  const other = await openTab(tab.visit);
  await other.goto(await resetLink(service, tom));
  await other.fill({ new_password: NEW_PASSWORD });
  await other.submit('reset_password');
  await other.heading(other.texts.reset_password.done_title).waitFor();
  await tab.waitForLogin();
});
