// Failures: the page says what to do, keeps the input, and recovers.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { logIn, PASSWORD, registeredUser, resetLink, unregisteredUser } from './helpers/accounts.js';
import { newTab } from './helpers/pages.js';
import { startService } from './helpers/service.js';
import { filled } from './helpers/texts.js';

const service = await startService();

async function filledRegistration(t) {
  const person = unregisteredUser();
  const tab = await newTab(t, service);
  await tab.goto('/auth/register');
  await tab.fill(person);
  return [person, tab];
}

async function assertKept(tab, person) {
  assert.deepEqual(await tab.valuesOf('email', 'username', 'password'), person);
}

test('being offline is reported, and the registration works once online', async (t) => {
  const [person, tab] = await filledRegistration(t);
  await tab.visit.context.setOffline(true);
  await tab.submit('register');
  await tab.waitForAlert(tab.texts.messages.offline);
  await assertKept(tab, person);
  await tab.visit.context.setOffline(false);
  await tab.submit('register');
  await tab.waitForRegistrationOf(person);
});

test('an unreachable service is reported, and the page works once it is back', async (t) => {
  const own = await startService();
  const tom = await registeredUser(own);
  const tab = await newTab(t, own);
  await tab.goto('/auth/login');
  await own.stop();
  await tab.logIn(tom, tom.password);
  await tab.waitForAlert(tab.texts.messages.unreachable);
  assert.equal(await tab.field('identifier').inputValue(), tom.username);
  await own.start();
  await tab.submit('login');
  await tab.waitForAccountOf(tom);
  await own.stop();
  await tab.button(tab.texts.account.log_out).click();
  await tab.waitForAlert(tab.texts.messages.unreachable);
  await own.start();
  await tab.button(tab.texts.account.log_out).click();
  await tab.waitForLogin();
});

test('loading the account can be retried', async (t) => {
  const tom = await registeredUser(service);
  const tab = await newTab(t, service);
  await tab.goto('/auth/login');
  await tab.logIn(tom, tom.password);
  await tab.waitForAccountOf(tom);
  await tab.page.route('**/api/v1/auth/me', (route) => route.abort());
  await tab.page.reload();
  await tab.waitForAlert(tab.texts.messages.unreachable);
  assert.equal(await tab.page.getByText(tom.email).count(), 0);
  await tab.page.unroute('**/api/v1/auth/me');
  await tab.button(tab.texts.common.retry).click();
  await tab.waitForAccountOf(tom);
});

/** Error responses of the service or of a proxy in front of it, and the message of the page. */
const FAILURES = [
  [503, { detail: 'Database error: …', error_code: 'DB_LOCKED' }, (messages) => messages.unavailable],
  [504, { detail: 'Captcha …', error_code: 'CAPTCHA_TIMEOUT' }, (messages) => messages.errors.CAPTCHA_TIMEOUT],
  [500, { detail: 'Internal Server Error', error_code: 'INTERNAL' }, (messages) => messages.failed],
  [500, '', (messages) => messages.failed],
  [502, '<html><h1>Bad Gateway</h1></html>', (messages) => messages.failed],
  [503, '<html><h1>Service Unavailable</h1></html>', (messages) => messages.unavailable],
];

for (const locale of ['en-GB', 'pl-PL']) {
  test(`every kind of failure says what to do and keeps the input in ${locale}`, async (t) => {
    const person = unregisteredUser();
    const tab = await newTab(t, service, { locale });
    await tab.goto('/auth/register');
    await tab.fill(person);
    for (const [status, body, message] of FAILURES) {
      const response = typeof body === 'string' ? { body } : { json: body };
      await tab.page.route('**/api/v1/auth/register', (route) => route.fulfill({ status, ...response }), { times: 1 });
      await tab.submit('register');
      await tab.waitForAlert(message(tab.texts.messages));
      await assertKept(tab, person);
    }
    await tab.submit('register');
    await tab.waitForRegistrationOf(person);
  });
}

/** Repeats a request until it is throttled. */
async function exhaust(send) {
  for (;;) {
    const { status } = await send();
    if (status === 429) return;
  }
}

for (const locale of ['en-GB', 'pl-PL']) {
  test(`throttled logins show a countdown in ${locale}`, async (t) => {
    const [person, strict] = [unregisteredUser(), await startService({ throttle: 'on' })];
    const tab = await newTab(t, strict, { locale });
    await tab.page.clock.install();
    await tab.goto('/auth/login');
    await exhaust(() => logIn(strict, person, PASSWORD));
    await tab.logIn({ username: person.email }, PASSWORD);
    const { too_many_requests: text, try_again_now } = tab.texts.messages;
    await tab.waitForAlert(text.split('{when}')[0]);
    const seconds = Number((await tab.page.getByRole('alert').textContent()).match(/\d+/)[0]);
    assert.ok(seconds >= 1 && seconds <= 60, `${seconds} seconds`);
    const left = new Intl.RelativeTimeFormat(tab.visit.language).format(seconds - 1, 'second');
    await tab.page.clock.runFor(1000);
    await tab.waitForAlert(filled(text, { when: left }));
    await tab.page.clock.runFor(seconds * 1000);
    await tab.page.getByText(try_again_now).waitFor();
    assert.equal(await tab.page.getByRole('alert').count(), 0);
  });
}

test('throttled link requests are told to wait', async (t) => {
  const strict = await startService({ throttle: 'on' });
  const tab = await newTab(t, strict);
  await tab.goto('/auth/forgot-password');
  const { email } = unregisteredUser();
  await exhaust(() => strict.post('/api/v1/auth/forgot-password', { email }));
  await tab.fill({ email });
  await tab.submit('forgot_password');
  await tab.waitForAlert(tab.texts.messages.too_many_requests.split('{when}')[0]);
});

test('a reset that fails temporarily keeps the link', async (t) => {
  const tom = await registeredUser(service);
  const tab = await newTab(t, service);
  await tab.goto(await resetLink(service, tom));
  await tab.page.route('**/api/v1/auth/reset-password', (route) => route.abort(), { times: 1 });
  await tab.fill({ new_password: PASSWORD });
  await tab.submit('reset_password');
  await tab.waitForAlert(tab.texts.messages.unreachable);
  await tab.submit('reset_password');
  await tab.heading(tab.texts.reset_password.done_title).waitFor();
});

test('pages say that they need JavaScript', async (t) => {
  const tab = await newTab(t, service, { javaScriptEnabled: false });
  for (const path of ['/auth/register', '/auth/login', '/auth/forgot-password', '/auth/continue', '/account', '/admin']) {
    await tab.goto(path);
    const notice = tab.page.locator('noscript p').first();
    await notice.waitFor();
    assert.equal(await notice.textContent(), tab.texts.common.noscript);
  }
});
