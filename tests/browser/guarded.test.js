// The example's applications behind the guard: /hello/ as middleware, /profile/ behind a gateway.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';

import { assertAccessible, assertFitsTheWidth } from './helpers/accessibility.js';
import { registeredUser } from './helpers/accounts.js';
import { newTab, openTab } from './helpers/pages.js';
import { keepScreenshot } from './helpers/screenshots.js';
import { startService } from './helpers/service.js';

const HELLO = '/hello/';
const PROFILE = '/profile/';
/** Each application, and its heading for a person. */
const APPLICATIONS = [
  [HELLO, (name) => `Hello, ${name}`],
  [PROFILE, (name) => `Profile of ${name}`],
];
const MANIFEST = 'examples/guarded/spin.toml';

const service = await startService({}, MANIFEST);

/** Registers a user, and opens a tab that is logged in and shows this path. */
async function loggedInAt(t, path, options, at = service) {
  const tom = await registeredUser(at);
  const tab = await newTab(t, at, options);
  await tab.goto(path);
  await tab.waitForLogin();
  await tab.logIn(tom, tom.password);
  await tab.page.waitForURL(path);
  return [tom, tab];
}

async function assertGreetedEverywhere(tab, name) {
  for (const [path, heading] of APPLICATIONS) {
    await tab.goto(path);
    await tab.heading(heading(name)).waitFor();
  }
}

async function assertLoginEverywhere(tab) {
  for (const [path] of APPLICATIONS) {
    await tab.goto(path);
    await tab.waitForLogin();
  }
}

/** The header with the session's cookie, for requests that no browser would send. */
async function cookieOf(tab) {
  const { gatehouse } = await tab.visit.sessionCookies();
  return `gatehouse=${gatehouse.value}`;
}

/** A page of another origin on this computer, whose form posts to `target`. Browsers send it the cookies. */
async function foreignForm(t, target) {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><form method="post" action="${target}"><button>Win</button></form>`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

for (const [path, heading] of APPLICATIONS) {
  test(`${path} leads to the login, and from there to where the person wanted to go`, async (t) => {
    const [tom, tab] = await loggedInAt(t, `${path}?from=mail&text=a%20%26%20b`);
    await tab.heading(heading(tom.username)).waitFor();
  });

  test(`${path} renews an expired session without the login`, async (t) => {
    const [tom, tab] = await loggedInAt(t, path);
    await tab.visit.expireAccess();
    await tab.goto(`${path}?page=2`);
    await tab.page.waitForURL(`${path}?page=2`);
    await tab.heading(heading(tom.username)).waitFor();
    assert.equal((await tab.visit.requestsTo('/api/v1/auth/login')).length, 1);
  });

  test(`a logout at ${path} applies everywhere, and the next login leads back`, async (t) => {
    const [tom, tab] = await loggedInAt(t, path);
    const cookie = await cookieOf(tab);
    await tab.button('Log out').click();
    await tab.waitForLogin();
    await assertLoginEverywhere(tab);
    for (const [application] of APPLICATIONS) {
      // Also with the cookie that somebody kept.
      assert.equal((await service.request(application, { headers: { cookie } })).status, 401);
    }
    await tab.goto(path);
    await tab.waitForLogin();
    await tab.logIn(tom, tom.password);
    await tab.page.waitForURL(path);
    await tab.heading(heading(tom.username)).waitFor();
  });

  test(`a logout at ${path} that fails is reported, and the next one works`, async (t) => {
    const [, tab] = await loggedInAt(t, path);
    await tab.visit.context.route('**/api/v1/auth/logout', (route) => route.abort());
    await tab.button('Log out').click();
    await tab.waitForAlert('You are still logged in. Please try again.');
    await tab.visit.context.unroute('**/api/v1/auth/logout');
    await tab.button('Log out').click();
    await tab.waitForLogin();
  });

  test(`${path} greets nobody by forged headers`, async (t) => {
    const extraHTTPHeaders = {
      'x-gatehouse-username': 'Mallory',
      'X-Gatehouse-User-Id': '0b8f6a52-7c7e-4b55-8b6e-0d9f2f4a6c01',
      'x-gatehouse-role': 'ADMIN',
      x_gatehouse_username: 'Mallory',
    };
    const [tom, tab] = await loggedInAt(t, path, { extraHTTPHeaders });
    await tab.heading(heading(tom.username)).waitFor();
    const text = await tab.page.locator('body').innerText();
    assert.doesNotMatch(text, /Mallory|ADMIN|0b8f6a52/);
  });

  test(`a page of another origin cannot post to ${path} with the session`, async (t) => {
    const origin = await foreignForm(t, service.url + path);
    const [, tab] = await loggedInAt(t, path, { origins: [origin] });
    await tab.goto(origin);
    const posted = tab.page.waitForResponse(service.url + path);
    await tab.button('Win').click();
    const response = await posted;
    assert.equal(response.status(), 403);
    assert.equal((await response.json()).error_code, 'CROSS_SITE');
    assert.match(await response.request().headerValue('cookie'), /gatehouse=/);
  });

  test(`a post of its own page reaches ${path}`, async (t) => {
    const [, tab] = await loggedInAt(t, path);
    const status = await tab.page.evaluate(async () => (await fetch('', { method: 'POST' })).status);
    // The application's own answer: it has nothing to post to.
    assert.equal(status, 405);
  });

  test(`a session that ended in another tab ends at the next request of ${path}`, async (t) => {
    const [, tab] = await loggedInAt(t, path);
    const other = await openTab(tab.visit);
    await other.goto(HELLO);
    await other.button('Log out').click();
    await other.waitForLogin();
    const status = await tab.page.evaluate(async () => (await fetch('')).status);
    assert.equal(status, 401);
    await tab.page.reload();
    await tab.waitForLogin();
  });

  test(`after a logout in another tab the back button shows nothing of ${path}`, async (t) => {
    const [tom, tab] = await loggedInAt(t, path);
    const other = await openTab(tab.visit);
    await other.goto(path);
    await tab.goto('about:blank');
    await other.button('Log out').click();
    await other.waitForLogin();
    await tab.page.goBack();
    await tab.waitForLogin();
    assert.equal(await tab.page.getByText(tom.username).count(), 0);
  });

  test(`${path} shows a name with markup as text`, async (t) => {
    const [tom, tab] = await loggedInAt(t, path);
    // No name like this can register, but the page must not count on it.
    const name = `</title><img alt="'">&lt${tom.username}`;
    const quoted = name.replaceAll("'", "''");
    await service.change(`UPDATE users SET username = '${quoted}' WHERE email = '${tom.email}'`);
    await tab.page.reload();
    await tab.heading(heading(name)).waitFor();
    assert.equal(await tab.page.title(), heading(name));
    assert.equal(await tab.page.locator('img').count(), 0);
  });

  test(`${path} fits every screen and is accessible`, async (t) => {
    const [, tab] = await loggedInAt(t, path);
    for (const width of [360, 1024]) {
      await tab.page.setViewportSize({ width, height: 740 });
      await assertFitsTheWidth(tab.page);
      for (const colorScheme of ['light', 'dark']) {
        await tab.page.emulateMedia({ colorScheme });
        await keepScreenshot(tab.page, `guarded ${path} ${width} ${colorScheme}`);
        await assertAccessible(tab.page);
      }
    }
  });
}

test('one login is enough for both applications, and links lead from one to the other', async (t) => {
  const [tom, tab] = await loggedInAt(t, HELLO);
  await tab.link('Profile').click();
  await tab.heading(`Profile of ${tom.username}`).waitFor();
  await tab.page.getByText(tom.email, { exact: true }).waitFor();
  await tab.link('Hello').click();
  await tab.heading(`Hello, ${tom.username}`).waitFor();
});

test('without a session only the assets are public', async () => {
  for (const [path, status] of [
    ['/hello/assets/style.css', 200],
    ['/hello/assets/log-out.js', 200],
    ['/hello/assets/icon.svg', 200],
    ['/hello/assets/nothing', 404],
    ['/hello/assets//', 401],
    ['/hello', 401],
    ['/profile', 401],
    ['/profile/assets/style.css', 401],
  ]) {
    const response = await fetch(service.url + path, { headers: { 'x-gatehouse-username': 'Mallory' } });
    assert.equal(response.status, status, path);
    assert.doesNotMatch(await response.text(), /Mallory/, path);
  }
});

test('while Gatehouse fails nobody passes, and afterwards the session goes on', async (t) => {
  const failing = await startService({}, MANIFEST);
  const [tom, tab] = await loggedInAt(t, HELLO, {}, failing);
  await assertGreetedEverywhere(tab, tom.username);
  await failing.stop();
  // A setting that cannot be used: Gatehouse answers every request with a 500.
  await failing.start({ algorithm: 'none' });
  for (const [path] of APPLICATIONS) {
    const response = await tab.goto(path);
    assert.equal(response.status(), 503, path);
    assert.equal((await response.json()).error_code, 'ACCOUNTS_UNAVAILABLE');
  }
  await failing.stop();
  await failing.start();
  await assertGreetedEverywhere(tab, tom.username);
});
