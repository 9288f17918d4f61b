// The page between a protected page and the login: it renews the session, or leads to the login.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { registeredUser, sessionOf } from './helpers/accounts.js';
import { newTab } from './helpers/pages.js';
import { startService } from './helpers/service.js';

const REFRESH = '/api/v1/auth/refresh';
const service = await startService();

/** Paths that must not be followed: other hosts, other schemes, and texts that browsers read as such. */
const HOSTILE = [
  '//evil.example.com',
  '///evil.example.com',
  'https://evil.example.com/',
  'https:evil.example.com',
  '/\\evil.example.com',
  '\\\\evil.example.com',
  '/\t/evil.example.com',
  '/\n/evil.example.com',
  '/\u0000/evil.example.com',
  '/.//evil.example.com',
  '/a/..//evil.example.com',
  '/%2e//evil.example.com',
  ' //evil.example.com',
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'evil.example.com',
  '',
];

function continueTo(path) {
  return `/auth/continue?${new URLSearchParams({ return_to: path })}`;
}

/** Opens a tab that is logged in and whose access token has expired. */
async function tabWithExpiredAccess(t) {
  const tom = await registeredUser(service);
  const tab = await newTab(t, service);
  await tab.goto('/auth/login');
  await tab.logIn(tom, tom.password);
  await tab.waitForAccountOf(tom);
  await tab.visit.expireAccess();
  return [tom, tab];
}

test('an expired session is renewed, and the browser goes on', async (t) => {
  const [tom, tab] = await tabWithExpiredAccess(t);
  await tab.goto(continueTo('/account?a=1&b=2#c'));
  await tab.page.waitForURL('/account?a=1&b=2#c');
  await tab.page.getByText(tom.email, { exact: true }).waitFor();
  assert.equal((await tab.visit.requestsTo(REFRESH)).length, 1);
});

test('without a session the login comes first, and leads on', async (t) => {
  const tom = await registeredUser(service);
  const tab = await newTab(t, service);
  await tab.goto(continueTo('/docs?a=1&b=2#login'));
  await tab.waitForLogin();
  await tab.logIn(tom, tom.password);
  await tab.page.waitForURL('/docs?a=1&b=2#login');
});

test('a session that has ended leads to the login, and its cookies are gone', async (t) => {
  const [tom, tab] = await tabWithExpiredAccess(t);
  await service.change(
    `DELETE FROM sessions WHERE user_id = (SELECT id FROM users WHERE email = '${tom.email}')`,
  );
  await tab.goto(continueTo('/docs'));
  await tab.waitForLogin();
  assert.deepEqual(await tab.visit.sessionCookies(), {});
});

test('a session that earlier pages stored goes on', async (t) => {
  const { refresh_token } = await sessionOf(service, await registeredUser(service));
  const tab = await newTab(t, service);
  await tab.goto('/auth/login');
  await tab.storeFormer({ refresh_token });
  await tab.goto(continueTo('/docs'));
  await tab.page.waitForURL('/docs');
  assert.deepEqual(await tab.readable(), { cookie: '', local: {}, session: {} });
});

test('a link from another site goes on, too', async (t) => {
  const [, tab] = await tabWithExpiredAccess(t);
  const { origin, port } = new URL(service.url);
  const other = `http://localhost:${port}`;
  const foreign = await newTab(t, service, { origins: [other], storageState: await tab.visit.context.storageState() });
  await foreign.visit.context.route(`${other}/**`, (route) =>
    route.fulfill({ contentType: 'text/html', body: `<a href="${origin}${continueTo('/docs')}">Go on</a>` }),
  );
  await foreign.goto(`${other}/`);
  await foreign.link('Go on').click();
  await foreign.page.waitForURL(`${origin}/docs`);
});

for (const target of HOSTILE) {
  test(`neither the page nor the login after it goes to ${JSON.stringify(target)}`, async (t) => {
    const tom = await registeredUser(service);
    const tab = await newTab(t, service);
    await tab.goto(continueTo(target));
    await tab.waitForLogin();
    assert.ok(!tab.page.url().includes('evil'), tab.page.url());
    await tab.logIn(tom, tom.password);
    await tab.waitForAccountOf(tom);
    await tab.visit.expireAccess();
    await tab.goto(continueTo(target));
    await tab.waitForAccountOf(tom);
  });
}

test('a failure is reported, and can be retried', async (t) => {
  const [, tab] = await tabWithExpiredAccess(t);
  for (const [response, message] of [
    [{ status: 503 }, tab.texts.messages.unavailable],
    [{ status: 500 }, tab.texts.messages.failed],
  ]) {
    await tab.page.route(`**${REFRESH}`, (route) => route.fulfill(response), { times: 1 });
    await tab.goto(continueTo('/docs'));
    await tab.waitForAlert(message);
  }
  await tab.button(tab.texts.common.retry).click();
  await tab.page.waitForURL('/docs');
});

test('without JavaScript there is a link to the login', async (t) => {
  const tab = await newTab(t, service, { javaScriptEnabled: false });
  await tab.goto(continueTo('/docs'));
  // Playwright finds no text or role in there.
  const link = tab.page.locator('noscript a');
  assert.equal(await link.textContent(), tab.texts.common.log_in);
  await link.click();
  await tab.page.waitForURL('/auth/login');
});
