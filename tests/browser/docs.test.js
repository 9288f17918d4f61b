// The API documentation page in the browser.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertAccessible, assertFitsTheWidth } from './helpers/accessibility.js';
import { registeredUser, unregisteredUser } from './helpers/accounts.js';
import { newPage } from './helpers/browser.js';
import { keepScreenshot } from './helpers/screenshots.js';
import { startService } from './helpers/service.js';

const service = await startService();
const { body: description } = await service.request('/openapi.json');

/** The name of an operation on the page. */
function summaryOf(path, method) {
  return description.paths[path][method].summary;
}

async function docsPage(t, options) {
  const page = await newPage(t, service, options);
  await page.goto('/docs');
  return page;
}

/** Opens the form that tries an operation out. */
async function tryOut(page, summary) {
  await page.getByRole('link', { name: summary, exact: true }).click();
  const operation = page.getByRole('article').filter({ has: page.getByText(summary, { exact: true }) });
  const part = operation.getByRole('group').filter({ hasText: 'Try it out' });
  await part.getByText('Try it out').click();
  return part;
}

/** Submits the form, and waits for a response with this status. */
async function send(part, status) {
  await part.getByRole('button', { name: 'Send' }).click();
  await part.getByRole('status').filter({ hasText: new RegExp(`^${status}:`) }).waitFor();
}

/** The page's login form. */
function authorization(page) {
  return page.locator('section').filter({ has: page.getByRole('heading', { name: 'Log in', exact: true }) });
}

async function authorize(page, { username }, password) {
  const part = authorization(page);
  await part.getByLabel('Email address or user name').fill(username);
  await part.getByLabel('Password').fill(password);
  await part.getByRole('button', { name: 'Log in' }).click();
  return part.getByRole('status');
}

test('a protected operation is rejected without a login and works with one', async (t) => {
  const tom = await registeredUser(service);
  const page = await docsPage(t);
  const part = await tryOut(page, summaryOf('/api/v1/data/test-data', 'get'));
  await send(part, 401);
  const status = await authorize(page, tom, tom.password);
  await status.filter({ hasText: `Logged in as ${tom.username}` }).waitFor();
  await send(part, 200);
  await part.getByText('This is protected test data').waitFor();
  await authorization(page).getByRole('button', { name: 'Log out' }).click();
  await status.filter({ hasText: 'Logged out' }).waitFor();
  await send(part, 401);
});

test('a wrong password is reported, and does not log in', async (t) => {
  const tom = await registeredUser(service);
  const page = await docsPage(t);
  const status = await authorize(page, tom, 'wrong horse 1');
  await status.filter({ hasText: 'Incorrect email or password' }).waitFor();
  const part = await tryOut(page, summaryOf('/api/v1/data/test-data', 'get'));
  await send(part, 401);
});

test('the tokens are not stored, and are gone after a reload', async (t) => {
  const tom = await registeredUser(service);
  const page = await docsPage(t);
  const status = await authorize(page, tom, tom.password);
  await status.filter({ hasText: 'Logged in' }).waitFor();
  assert.equal(await page.evaluate(() => localStorage.length + sessionStorage.length), 0);
  await page.reload();
  const part = await tryOut(page, summaryOf('/api/v1/data/test-data', 'get'));
  await send(part, 401);
});

test('the page solves the captcha for one registration', async (t) => {
  const { email, username, password } = unregisteredUser();
  const page = await docsPage(t);
  const part = await tryOut(page, summaryOf('/api/v1/auth/register', 'post'));
  const body = part.getByLabel('Body');
  await body.fill(JSON.stringify({ email, username, password, captcha_answer: '' }));
  await send(part, 400);
  await part.getByRole('button', { name: 'Solve the captcha' }).click();
  await part.getByText('The captcha is solved').waitFor();
  await send(part, 201);
  // The request contains the name, too, but only the response continues with the id.
  await part.getByText(`"username": "${username}", "id":`).waitFor();
  await send(part, 400);
});

test('an invalid JSON body is sent as it is, and its error is shown', async (t) => {
  const page = await docsPage(t);
  const part = await tryOut(page, summaryOf('/api/v1/auth/register', 'post'));
  await part.getByLabel('Body').fill('{');
  await send(part, 422);
  await part.getByText('JSON decode error').waitFor();
});

test('a request is shown as an equivalent curl command', async (t) => {
  const page = await docsPage(t);
  const part = await tryOut(page, summaryOf('/api/v1/auth/forgot-password', 'post'));
  await part.getByLabel('Body').fill('{"email":"o\'neil@example.com"}');
  await send(part, 202);
  const command = part.getByText(`curl '${service.url}/api/v1/auth/forgot-password'`);
  assert.match(await command.textContent(), /--data '\{"email":"o'\\''neil@example\.com"\}'/);
});

test('an unreachable service is reported', async (t) => {
  const page = await docsPage(t);
  const part = await tryOut(page, summaryOf('/health/live', 'get'));
  await page.route('**/health/live', (route) => route.abort());
  await part.getByRole('button', { name: 'Send' }).click();
  await part.getByRole('status').filter({ hasText: 'cannot be reached' }).waitFor();
});

test('the page fits every screen and is accessible, collapsed and expanded', async (t) => {
  const page = await docsPage(t);
  for (const width of [360, 1024]) {
    await page.setViewportSize({ width, height: 740 });
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await assertAccessible(page);
      await keepScreenshot(page, `docs ${width} ${colorScheme}`);
    }
    await assertFitsTheWidth(page);
  }
  const part = await tryOut(page, summaryOf('/health/live', 'get'));
  await send(part, 200);
  await page.locator('details').evaluateAll((all) => all.forEach((each) => (each.open = true)));
  await page.setViewportSize({ width: 360, height: 740 });
  await assertFitsTheWidth(page);
  await assertAccessible(page);
});

test('the documentation is readable without JavaScript', async (t) => {
  const page = await docsPage(t, { javaScriptEnabled: false });
  await page.getByText('/api/v1/auth/register').first().waitFor();
  assert.equal(await page.getByText('Try it out').count(), 0);
});
