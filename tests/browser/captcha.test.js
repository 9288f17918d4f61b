// The built-in captcha implements the ALTCHA protocol: the official widget and libraries solve it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { unregisteredUser } from './helpers/accounts.js';
import { newVisit } from './helpers/browser.js';
import { challenge, solveInNode, solveInPython } from './helpers/captcha.js';
import { startService } from './helpers/service.js';
import { startWidgetPage } from './helpers/widget.js';

const widgetPage = await startWidgetPage();
const service = await startService({
  captcha_cost: undefined, // the default, as in production
  cors_allow_origins: widgetPage.url,
});

async function register(captcha_answer) {
  return service.post('/api/v1/auth/register', { ...unregisteredUser(), captcha_answer });
}

async function assertValidOnce(answer) {
  const first = await register(answer);
  assert.equal(first.status, 201, JSON.stringify(first.body));
  await assertRejected(answer);
}

async function assertRejected(answer) {
  const { status, body } = await register(answer);
  assert.deepEqual([status, body.detail], [400, 'Invalid CAPTCHA answer']);
}

test('an answer of the official widget on another origin is valid once', async (t) => {
  const visit = await newVisit(t, service, { origins: [widgetPage.url] });
  const page = await visit.newPage();
  await page.goto(`${widgetPage.url}?challenge=${service.url}/api/v1/captcha/challenge`);
  await page.getByRole('checkbox').press('Space');
  const field = page.locator('input[name=altcha]');
  await page.waitForFunction((input) => input.value !== '', await field.elementHandle());
  await assertValidOnce(await field.inputValue());
});

test('an answer of the official npm library is valid once', async () => {
  await assertValidOnce(await solveInNode(await challenge(service)));
});

test('an answer of the official PyPI library is valid once', async () => {
  await assertValidOnce(await solveInPython(await challenge(service)));
});

test('an answer to an easier, forged challenge is rejected', async () => {
  const easy = await challenge(service);
  Object.assign(easy.parameters, { cost: 1, keyPrefix: '0' });
  await assertRejected(await solveInNode(easy));
});

test('an answer to one challenge is invalid for another', async () => {
  const [solved, open] = [await challenge(service), await challenge(service)];
  const answer = JSON.parse(Buffer.from(await solveInNode(solved), 'base64'));
  const moved = { ...answer, challenge: open };
  await assertRejected(Buffer.from(JSON.stringify(moved)).toString('base64'));
});

test('an unsolved challenge is rejected', async () => {
  const unsolved = { challenge: await challenge(service), solution: { counter: 0, derivedKey: '00' } };
  await assertRejected(Buffer.from(JSON.stringify(unsolved)).toString('base64'));
});
