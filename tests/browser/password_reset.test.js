// The forgotten password: the link in the mail works once, and its token goes to the API alone.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { logsIn, member, NEW_PASSWORD, resetLink, stranger } from './helpers/accounts.js';
import { newTab } from './helpers/pages.js';
import { startService } from './helpers/service.js';
import { filled } from './helpers/texts.js';

const service = await startService();

async function tabAt(t, link) {
  const tab = await newTab(t, service);
  await tab.goto(link);
  return tab;
}

async function choose(tab, new_password) {
  await tab.fill({ new_password });
  await tab.submit('reset_password');
}

/** The link is told to be no good, and the way to a new one is open. */
async function assertBroken(tab) {
  await tab.heading(tab.texts.reset_password.broken_title).waitFor();
  assert.equal(await tab.field('new_password').isVisible(), false);
  await tab.link(tab.texts.reset_password.ask_again).click();
  await tab.page.waitForURL('/auth/forgot-password');
}

test('a link without a token is told to be broken at once', async (t) => {
  for (const link of ['/auth/reset-password', '/auth/reset-password?token=']) {
    await assertBroken(await tabAt(t, link));
  }
});

test('a link with a wrong token is told to be broken', async (t) => {
  const tom = await member(service);
  const link = await resetLink(service, tom);
  for (const wrong of [link.slice(0, -1), `${link}A`, '/auth/reset-password?token=nope']) {
    const tab = await tabAt(t, wrong);
    await choose(tab, NEW_PASSWORD);
    await assertBroken(tab);
  }
  assert.equal(await logsIn(service, tom, tom.password), true);
});

test('a link that has expired is told to be broken, and a new one works', async (t) => {
  const tom = await member(service);
  const tab = await tabAt(t, await resetLink(service, tom));
  await service.change(
    `UPDATE password_reset_tokens SET expires_at = datetime('now', '-1 second')
     WHERE user_id = (SELECT id FROM users WHERE email = '${tom.email}')`,
  );
  await choose(tab, NEW_PASSWORD);
  await assertBroken(tab);
  await tab.fill({ email: tom.email });
  await tab.submit('forgot_password');
  const { link } = await service.mail.next(tom.email);
  await tab.goto(link);
  await choose(tab, NEW_PASSWORD);
  await tab.heading(tab.texts.reset_password.done_title).waitFor();
  assert.equal(await logsIn(service, tom, NEW_PASSWORD), true);
});

test('a link that was used is told to be broken', async (t) => {
  const tom = await member(service);
  const link = await resetLink(service, tom);
  const [first, second] = [await tabAt(t, link), await tabAt(t, link)];
  await choose(first, NEW_PASSWORD);
  await first.heading(first.texts.reset_password.done_title).waitFor();
  await choose(second, 'another horse 3');
  await assertBroken(second);
  assert.equal(await logsIn(service, tom, NEW_PASSWORD), true);
});

test('an older link is told to be broken when a newer one was sent', async (t) => {
  const tom = await member(service);
  const [older, newer] = [await resetLink(service, tom), await resetLink(service, tom)];
  const tab = await tabAt(t, older);
  await choose(tab, NEW_PASSWORD);
  await assertBroken(tab);
  await tab.goto(newer);
  await choose(tab, NEW_PASSWORD);
  await tab.heading(tab.texts.reset_password.done_title).waitFor();
});

test('a password that is too weak is told beside the field, and the link stays good', async (t) => {
  const tom = await member(service);
  const tab = await tabAt(t, await resetLink(service, tom));
  const { rules } = tab.texts.messages;
  for (const [password, rule, n] of [
    ['', 'Password must be at least {n} characters long', 6],
    ['abc1', 'Password must be at least {n} characters long', 6],
    ['abcdefg', 'Password must contain at least one digit'],
    ['1234567', 'Password must contain at least one letter'],
  ]) {
    await choose(tab, password);
    await tab.isRefused('new_password', filled(rules[rule], { n }));
  }
  await choose(tab, NEW_PASSWORD);
  await tab.heading(tab.texts.reset_password.done_title).waitFor();
});

test('the token leaves the address and goes to the API alone', async (t) => {
  const tom = await member(service);
  const link = await resetLink(service, tom);
  const token = new URL(link).searchParams.get('token');
  const tab = await tabAt(t, link);
  assert.equal(tab.page.url(), `${service.url}/auth/reset-password`);
  await choose(tab, NEW_PASSWORD);
  await tab.heading(tab.texts.reset_password.done_title).waitFor();
  await tab.link(tab.texts.common.log_in).click();
  await tab.seesLogin();
  const sent = await tab.visit.requests();
  const withToken = sent.filter((request) => JSON.stringify(request).includes(token));
  assert.deepEqual(
    withToken.map(({ method, url }) => [method, url]),
    [
      ['GET', link],
      ['POST', `${service.url}/api/v1/auth/reset-password`],
    ],
  );
  const kept = await tab.page.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
  assert.ok(!kept.includes(token), kept);
});

test('a reload before the password is chosen does not lose the link', async (t) => {
  const tom = await member(service);
  const tab = await tabAt(t, await resetLink(service, tom));
  await tab.page.reload();
  await choose(tab, NEW_PASSWORD);
  await tab.heading(tab.texts.reset_password.done_title).waitFor();
});

test('the back button brings back neither the token nor the form after a reset', async (t) => {
  const tom = await member(service);
  const tab = await tabAt(t, await resetLink(service, tom));
  await choose(tab, NEW_PASSWORD);
  await tab.heading(tab.texts.reset_password.done_title).waitFor();
  await tab.link(tab.texts.common.log_in).click();
  await tab.seesLogin();
  await tab.page.goBack();
  assert.equal(tab.page.url(), `${service.url}/auth/reset-password`);
  await assertBroken(tab);
});

test('a reset ends the session of another device', async (t) => {
  const tom = await member(service);
  const device = await newTab(t, service);
  await device.goto('/auth/login');
  await device.logIn(tom, tom.password);
  await device.seesAccountOf(tom);
  const tab = await tabAt(t, await resetLink(service, tom));
  await choose(tab, NEW_PASSWORD);
  await tab.heading(tab.texts.reset_password.done_title).waitFor();
  await device.page.reload();
  await device.seesLogin();
  assert.deepEqual(await device.storage(), {});
});

test('an unknown address gets the same page as a known one', async (t) => {
  const tab = await newTab(t, service);
  for (const { email } of [stranger(), await member(service)]) {
    await tab.goto('/auth/forgot-password');
    await tab.fill({ email });
    await tab.submit('forgot_password');
    await tab.heading(tab.texts.forgot_password.done_title).waitFor();
    await tab.page.getByText(filled(tab.texts.forgot_password.done, { minutes: 15 })).waitFor();
  }
});

test('what is no address is told beside the field', async (t) => {
  const tab = await newTab(t, service);
  await tab.goto('/auth/forgot-password');
  const { rules } = tab.texts.messages;
  for (const [email, rule] of [
    ['', 'An email address must have an @-sign.'],
    ['nope', 'An email address must have an @-sign.'],
    ['tom@a@example.com', 'The email address must have only one @-sign.'],
  ]) {
    await tab.fill({ email });
    await tab.submit('forgot_password');
    await tab.isRefused('email', rules[rule]);
  }
});
