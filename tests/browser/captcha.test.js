// The built-in captcha is the ALTCHA protocol: its official widget and libraries solve it as they are.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { stranger } from './helpers/accounts.js';
import { newVisit } from './helpers/browser.js';
import { challenge, solveInNode, solveInPython } from './helpers/captcha.js';
import { startService } from './helpers/service.js';
import { startWidgetPage } from './helpers/widget.js';

const widgetPage = await startWidgetPage();
const service = await startService({
  captcha_cost: undefined, // its default: what people and libraries will meet
  cors_allow_origins: widgetPage.url,
});

async function register(captcha_answer) {
  return service.post('/api/v1/auth/register', { ...stranger(), captcha_answer });
}

async function assertGoodOnce(answer) {
  const first = await register(answer);
  assert.equal(first.status, 201, JSON.stringify(first.body));
  await assertRefused(answer);
}

async function assertRefused(answer) {
  const { status, body } = await register(answer);
  assert.deepEqual([status, body.detail], [400, 'Invalid CAPTCHA answer']);
}

test('the answer of the official widget, on another origin, registers one person', async (t) => {
  const visit = await newVisit(t, service, { origins: [widgetPage.url] });
  const page = await visit.newPage();
  await page.goto(`${widgetPage.url}?challenge=${service.url}/api/v1/captcha/challenge`);
  await page.getByRole('checkbox').press('Space');
  const field = page.locator('input[name=altcha]');
  await page.waitForFunction((input) => input.value !== '', await field.elementHandle());
  await assertGoodOnce(await field.inputValue());
});

test('the answer of the official library from npm registers one person', async () => {
  await assertGoodOnce(await solveInNode(await challenge(service)));
});

test('the answer of the official library from PyPI registers one person', async () => {
  await assertGoodOnce(await solveInPython(await challenge(service)));
});

test('an answer to an easier question of the caller’s own is refused', async () => {
  const easy = await challenge(service);
  Object.assign(easy.parameters, { cost: 1, keyPrefix: '0' });
  await assertRefused(await solveInNode(easy));
});

test('an answer to one challenge does not answer another', async () => {
  const [solved, open] = [await challenge(service), await challenge(service)];
  const answer = JSON.parse(Buffer.from(await solveInNode(solved), 'base64'));
  const moved = { ...answer, challenge: open };
  await assertRefused(Buffer.from(JSON.stringify(moved)).toString('base64'));
});

test('a challenge sent back unsolved is refused', async () => {
  const unsolved = { challenge: await challenge(service), solution: { counter: 0, derivedKey: '00' } };
  await assertRefused(Buffer.from(JSON.stringify(unsolved)).toString('base64'));
});
