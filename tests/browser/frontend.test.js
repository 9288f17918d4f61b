// The example's front end: a WebAssembly page on the service's origin.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertAccessible, assertFitsTheWidth } from './helpers/accessibility.js';
import { registeredUser, sessionOf } from './helpers/accounts.js';
import { newTab, openTab } from './helpers/pages.js';
import { keepScreenshot } from './helpers/screenshots.js';
import { startService } from './helpers/service.js';

const PATH = '/app/';
const LOGIN = '/api/v1/auth/login';
const REFRESH = '/api/v1/auth/refresh';

const service = await startService({}, 'examples/frontend/spin.toml');

function heading(page, name) {
  return page.getByRole('heading', { name, exact: true, level: 2 });
}

function button(page, name) {
  return page.getByRole('button', { name, exact: true });
}

async function fillIn(page, { email }, password) {
  await page.getByLabel('Email or username').fill(email);
  await page.getByLabel('Password').fill(password);
}

async function waitForLogin(page) {
  await heading(page, 'Log in').waitFor();
  assert.equal(await heading(page, 'You are logged in').isVisible(), false);
}

async function waitForAnswer(page) {
  await heading(page, 'You are logged in').waitFor();
  await page.getByText('This is protected test data').waitFor();
}

async function waitForAlert(page, message) {
  await page.getByRole('alert').filter({ hasText: message }).waitFor();
}

/** Registers a user, and opens a tab that is logged in. */
async function loggedIn(t) {
  const tom = await registeredUser(service);
  const tab = await newTab(t, service);
  await tab.goto(PATH);
  await fillIn(tab.page, tom, tom.password);
  await button(tab.page, 'Log in').click();
  await waitForAnswer(tab.page);
  return [tom, tab];
}

/** Counts the requests to a path, and how many of them were under way at the same time. */
async function watchOverlap(context, path) {
  const watched = { count: 0, mostAtOnce: 0 };
  let underWay = 0;
  await context.route(`**${path}`, async (route) => {
    watched.count += 1;
    underWay += 1;
    watched.mostAtOnce = Math.max(watched.mostAtOnce, underWay);
    const response = await route.fetch();
    underWay -= 1;
    await route.fulfill({ response });
  });
  return watched;
}

function endSessionsOf({ email }) {
  return service.change(
    `DELETE FROM sessions WHERE user_id = (SELECT id FROM users WHERE email = '${email}')`,
  );
}

/** Answers requests to a path with this response until the test removes the route. */
function stubResponse(tab, path, response) {
  return tab.visit.context.route(`**${path}`, (route) => route.fulfill(response));
}

test('a login shows the response of the protected route', async (t) => {
  const [, { page, visit }] = await loggedIn(t);
  const { gatehouse } = await visit.sessionCookies();
  const { sub } = JSON.parse(Buffer.from(gatehouse.value.split('.')[1], 'base64url'));
  await page.getByText(sub, { exact: true }).waitFor();
});

test('the session survives a reload, and no script can read its tokens', async (t) => {
  const [, tab] = await loggedIn(t);
  await tab.page.reload();
  await waitForAnswer(tab.page);
  assert.equal((await tab.visit.requestsTo(LOGIN)).length, 1);
  assert.deepEqual(await tab.readable(), { cookie: '', local: {}, session: {} });
});

test("a login on the service's own page applies here, and a logout here applies there", async (t) => {
  const tom = await registeredUser(service);
  const tab = await newTab(t, service);
  await tab.goto(`/auth/login?return_to=${PATH}`);
  await tab.logIn(tom, tom.password);
  await tab.page.waitForURL(PATH);
  await waitForAnswer(tab.page);
  await button(tab.page, 'Log out').click();
  await waitForLogin(tab.page);
  await tab.goto('/account');
  await tab.waitForLogin();
});

test('a logout forgets the session, and ends it in the service', async (t) => {
  const [, tab] = await loggedIn(t);
  const { value: refresh_token } = (await tab.visit.sessionCookies())['gatehouse-refresh'];
  await button(tab.page, 'Log out').click();
  await waitForLogin(tab.page);
  assert.equal(await tab.page.getByLabel('Password').inputValue(), '');
  assert.deepEqual(await tab.visit.sessionCookies(), {});
  assert.equal((await service.post(REFRESH, { refresh_token })).status, 401);
});

test('a wrong password is reported, and the entered name is kept', async (t) => {
  const tom = await registeredUser(service);
  const { page, visit } = await newTab(t, service);
  await page.goto(PATH);
  await waitForLogin(page);
  const before = (await visit.requestsTo(REFRESH)).length;
  await fillIn(page, tom, 'wrong horse 1');
  await button(page, 'Log in').click();
  await waitForAlert(page, 'Incorrect email or password.');
  assert.equal(await page.getByLabel('Email or username').inputValue(), tom.email);
  assert.equal((await visit.requestsTo(REFRESH)).length, before);
});

for (const [name, response, message] of [
  ['too many attempts', { status: 429, headers: { 'retry-after': '7' } }, 'Try again in 7 seconds.'],
  ['too many attempts without a retry time', { status: 429 }, 'Try again in 60 seconds.'],
  ['a locked database', { status: 503, json: { detail: 'locked' } }, 'The service is busy.'],
  ['an invalid field', { status: 422, json: { detail: [{ msg: 'Field required' }] } }, 'Field required.'],
  ['an error that is not JSON', { status: 500, body: '<p>' }, 'The service failed with status 500.'],
  ['an error of another shape', { status: 500, json: {} }, 'The service failed with status 500.'],
  ['a success without cookies', { status: 200, body: '<p>' }, 'Your session has ended.'],
]) {
  test(`${name} at the login is reported, and the next attempt works`, async (t) => {
    const tom = await registeredUser(service);
    const tab = await newTab(t, service);
    await stubResponse(tab, LOGIN, response);
    await tab.goto(PATH);
    await fillIn(tab.page, tom, tom.password);
    await button(tab.page, 'Log in').click();
    await waitForAlert(tab.page, message);
    assert.deepEqual(await tab.visit.sessionCookies(), {});
    await tab.visit.context.unroute(`**${LOGIN}`);
    await fillIn(tab.page, tom, tom.password);
    await button(tab.page, 'Log in').click();
    await waitForAnswer(tab.page);
    assert.equal(await tab.page.getByRole('alert').innerText(), '');
  });
}

test('being offline is reported, and the session continues once online', async (t) => {
  const [, { page, visit }] = await loggedIn(t);
  await visit.context.setOffline(true);
  for (const name of ['Ask the protected route', 'Log out']) {
    await button(page, name).click();
    await waitForAlert(page, 'The service cannot be reached.');
    await heading(page, 'You are logged in').waitFor();
  }
  await visit.context.setOffline(false);
  await button(page, 'Ask the protected route').click();
  await waitForAnswer(page);
});

test('a temporary failure of a refresh does not end the session', async (t) => {
  const [, tab] = await loggedIn(t);
  await stubResponse(tab, REFRESH, { status: 429, headers: { 'retry-after': '1' } });
  await tab.visit.expireAccess();
  await button(tab.page, 'Ask the protected route').click();
  await waitForAlert(tab.page, 'Try again in a second.');
  await tab.visit.context.unroute(`**${REFRESH}`);
  await button(tab.page, 'Ask the protected route').click();
  await waitForAnswer(tab.page);
});

test('an expired access token is replaced silently', async (t) => {
  const [, tab] = await loggedIn(t);
  await tab.visit.expireAccess();
  const refreshed = tab.page.waitForResponse(`**${REFRESH}`);
  await button(tab.page, 'Ask the protected route').click();
  await refreshed;
  await waitForAnswer(tab.page);
});

test('a session that was ended elsewhere is reported and forgotten', async (t) => {
  const [tom, tab] = await loggedIn(t);
  await endSessionsOf(tom);
  await button(tab.page, 'Ask the protected route').click();
  await waitForAlert(tab.page, 'Your session has ended. Please log in again.');
  await waitForLogin(tab.page);
  assert.deepEqual(await tab.visit.sessionCookies(), {});
});

test('a session that an earlier version stored goes on in cookies', async (t) => {
  const { refresh_token } = await sessionOf(service, await registeredUser(service));
  const tab = await newTab(t, service);
  await tab.goto(PATH);
  await waitForLogin(tab.page);
  await tab.storeFormer({ refresh_token });
  await tab.page.reload();
  await waitForAnswer(tab.page);
  assert.deepEqual(await tab.readable(), { cookie: '', local: {}, session: {} });
});

for (const stored of ['', 'null', '{}', '7', '{"refresh_token":7}', '{"refresh_token":"x"}', '{']) {
  test(`the stored session ${JSON.stringify(stored)} leads to the login`, async (t) => {
    const tab = await newTab(t, service);
    await tab.goto(PATH);
    await waitForLogin(tab.page);
    await tab.storeFormer(stored);
    await tab.page.reload();
    await waitForLogin(tab.page);
  });
}

for (const withLocks of [true, false]) {
  test(`tabs ${withLocks ? 'with' : 'without'} locks stay logged in during concurrent refreshes`, async (t) => {
    const [, tab] = await loggedIn(t);
    const other = await openTab(tab.visit);
    if (!withLocks) {
      await tab.visit.context.addInitScript(() => {
        Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined });
      });
    }
    const refreshes = await watchOverlap(tab.visit.context, REFRESH);
    for (let round = 0; round < 3; round++) {
      await Promise.all([tab.goto('about:blank'), other.goto('about:blank')]);
      await tab.visit.expireAccess();
      await Promise.all([tab.goto(PATH), other.goto(PATH)]);
      await Promise.all([waitForAnswer(tab.page), waitForAnswer(other.page)]);
    }
    // A tab that starts late finds the cookies that the other one has renewed.
    assert.ok(refreshes.count >= 3 && refreshes.count <= 6, `${refreshes.count} refreshes`);
    if (withLocks) assert.equal(refreshes.mostAtOnce, 1);
  });
}

test('logging in or out in one tab applies to the other', async (t) => {
  const tom = await registeredUser(service);
  const tab = await newTab(t, service);
  const other = await openTab(tab.visit);
  await Promise.all([tab.goto(PATH), other.goto(PATH)]);
  await Promise.all([waitForLogin(tab.page), waitForLogin(other.page)]);
  await fillIn(tab.page, tom, tom.password);
  await button(tab.page, 'Log in').click();
  await Promise.all([waitForAnswer(tab.page), waitForAnswer(other.page)]);
  await button(other.page, 'Log out').click();
  await Promise.all([waitForLogin(tab.page), waitForLogin(other.page)]);
  assert.equal(await tab.page.getByText('This is protected test data').count(), 0);
});

test('after a logout in another tab the back button shows nothing of the account', async (t) => {
  const [, tab] = await loggedIn(t);
  const other = await openTab(tab.visit);
  await other.goto(PATH);
  await waitForAnswer(other.page);
  await tab.goto('about:blank');
  await button(other.page, 'Log out').click();
  await waitForLogin(other.page);
  await tab.page.goBack();
  await waitForLogin(tab.page);
  assert.equal(await tab.page.getByText('This is protected test data').count(), 0);
});

test('everything works with the keyboard, and the focus follows', async (t) => {
  const tom = await registeredUser(service);
  const { page } = await newTab(t, service);
  await page.goto(PATH);
  await waitForLogin(page);
  await page.keyboard.press('Tab');
  await page.keyboard.type(tom.username);
  await page.keyboard.press('Tab');
  await page.keyboard.type(tom.password);
  await page.keyboard.press('Enter');
  await waitForAnswer(page);
  await page.locator('h2:focus', { hasText: 'You are logged in' }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.locator('h2:focus', { hasText: 'Log in' }).waitFor();
});

test('a double submit logs in once', async (t) => {
  const tom = await registeredUser(service);
  const { page, visit } = await newTab(t, service);
  await page.goto(PATH);
  await fillIn(page, tom, tom.password);
  await page.evaluate(() => {
    const form = document.querySelector('form');
    form.requestSubmit();
    form.requestSubmit();
  });
  await waitForAnswer(page);
  assert.equal((await visit.requestsTo(LOGIN)).length, 1);
});

for (const [state, enter] of [
  ['login', async (t) => (await newTab(t, service)).page],
  ['answer', async (t) => (await loggedIn(t))[1].page],
]) {
  test(`the ${state} fits every screen and is accessible`, async (t) => {
    const page = await enter(t);
    await page.goto(PATH);
    await (state === 'login' ? waitForLogin(page) : waitForAnswer(page));
    for (const width of [360, 1024]) {
      await page.setViewportSize({ width, height: 740 });
      await assertFitsTheWidth(page);
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme });
        await keepScreenshot(page, `frontend ${state} ${width} ${colorScheme}`);
        await assertAccessible(page);
      }
    }
  });
}
