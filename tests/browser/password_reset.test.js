// Password reset: the link in the mail works once, and its token is only sent to the API.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { canLogIn, NEW_PASSWORD, registeredUser, resetLink, unregisteredUser } from './helpers/accounts.js';
import { newTab } from './helpers/pages.js';
import { startService } from './helpers/service.js';
import { filled } from './helpers/texts.js';

const service = await startService();

async function openLink(t, link) {
  const tab = await newTab(t, service);
  await tab.goto(link);
  return tab;
}

async function choosePassword(tab, new_password) {
  await tab.fill({ new_password });
  await tab.submit('reset_password');
}

/** Asserts that the page reports a broken link, and leads to the request of a new one. */
async function assertBroken(tab) {
  await tab.heading(tab.texts.reset_password.broken_title).waitFor();
  assert.equal(await tab.field('new_password').isVisible(), false);
  await tab.link(tab.texts.reset_password.ask_again).click();
  await tab.page.waitForURL('/auth/forgot-password');
}

test('a link without a token is reported as broken at once', async (t) => {
  for (const link of ['/auth/reset-password', '/auth/reset-password?token=']) {
    await assertBroken(await openLink(t, link));
  }
});

test('a link with a wrong token is reported as broken', async (t) => {
  const tom = await registeredUser(service);
  const link = await resetLink(service, tom);
  for (const wrong of [link.slice(0, -1), `${link}A`, '/auth/reset-password?token=nope']) {
    const tab = await openLink(t, wrong);
    await choosePassword(tab, NEW_PASSWORD);
    await assertBroken(tab);
  }
  assert.equal(await canLogIn(service, tom, tom.password), true);
});

test('an expired link is reported as broken, and a new one works', async (t) => {
  const tom = await registeredUser(service);
  const tab = await openLink(t, await resetLink(service, tom));
  await service.change(
    `UPDATE password_reset_tokens SET expires_at = datetime('now', '-1 second')
     WHERE user_id = (SELECT id FROM users WHERE email = '${tom.email}')`,
  );
  await choosePassword(tab, NEW_PASSWORD);
  await assertBroken(tab);
  await tab.fill({ email: tom.email });
  await tab.submit('forgot_password');
  const { link } = await service.mail.next(tom.email, 'reset-password');
  await tab.goto(link);
  await choosePassword(tab, NEW_PASSWORD);
  await tab.heading(tab.texts.reset_password.done_title).waitFor();
  assert.equal(await canLogIn(service, tom, NEW_PASSWORD), true);
});

test('a used link is reported as broken', async (t) => {
  const tom = await registeredUser(service);
  const link = await resetLink(service, tom);
  const [first, second] = [await openLink(t, link), await openLink(t, link)];
  await choosePassword(first, NEW_PASSWORD);
  await first.heading(first.texts.reset_password.done_title).waitFor();
  await choosePassword(second, 'another horse 3');
  await assertBroken(second);
  assert.equal(await canLogIn(service, tom, NEW_PASSWORD), true);
});

test('a superseded link is reported as broken', async (t) => {
  const tom = await registeredUser(service);
  const [older, newer] = [await resetLink(service, tom), await resetLink(service, tom)];
  const tab = await openLink(t, older);
  await choosePassword(tab, NEW_PASSWORD);
  await assertBroken(tab);
  await tab.goto(newer);
  await choosePassword(tab, NEW_PASSWORD);
  await tab.heading(tab.texts.reset_password.done_title).waitFor();
});

test('a weak password is reported at the field, and the link stays valid', async (t) => {
  const tom = await registeredUser(service);
  const tab = await openLink(t, await resetLink(service, tom));
  const { rules } = tab.texts.messages;
  for (const [password, rule, n] of [
    ['', 'Password must be at least {n} characters long', 6],
    ['abc1', 'Password must be at least {n} characters long', 6],
    ['abcdefg', 'Password must contain at least one digit'],
    ['1234567', 'Password must contain at least one letter'],
  ]) {
    await choosePassword(tab, password);
    await tab.waitForFieldError('new_password', filled(rules[rule], { n }));
  }
  await choosePassword(tab, NEW_PASSWORD);
  await tab.heading(tab.texts.reset_password.done_title).waitFor();
});

test('the token is removed from the URL and only sent to the API', async (t) => {
  const tom = await registeredUser(service);
  const link = await resetLink(service, tom);
  const token = new URL(link).searchParams.get('token');
  const tab = await openLink(t, link);
  assert.equal(tab.page.url(), `${service.url}/auth/reset-password`);
  await choosePassword(tab, NEW_PASSWORD);
  await tab.heading(tab.texts.reset_password.done_title).waitFor();
  await tab.link(tab.texts.common.log_in).click();
  await tab.waitForLogin();
  const sent = await tab.visit.requests();
  const withToken = sent.filter((request) => JSON.stringify(request).includes(token));
  assert.deepEqual(
    withToken.map(({ method, url }) => [method, url]),
    [
      ['GET', link],
      ['POST', `${service.url}/api/v1/auth/reset-password`],
    ],
  );
  const stored = await tab.page.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
  assert.ok(!stored.includes(token), stored);
});

test('a reload before the reset does not lose the token', async (t) => {
  const tom = await registeredUser(service);
  const tab = await openLink(t, await resetLink(service, tom));
  await tab.page.reload();
  await choosePassword(tab, NEW_PASSWORD);
  await tab.heading(tab.texts.reset_password.done_title).waitFor();
});

test('the back button restores neither the token nor the form after a reset', async (t) => {
  const tom = await registeredUser(service);
  const tab = await openLink(t, await resetLink(service, tom));
  await choosePassword(tab, NEW_PASSWORD);
  await tab.heading(tab.texts.reset_password.done_title).waitFor();
  await tab.link(tab.texts.common.log_in).click();
  await tab.waitForLogin();
  await tab.page.goBack();
  assert.equal(tab.page.url(), `${service.url}/auth/reset-password`);
  await assertBroken(tab);
});

test('a reset ends the sessions of other devices', async (t) => {
  const tom = await registeredUser(service);
  const device = await newTab(t, service);
  await device.goto('/auth/login');
  await device.logIn(tom, tom.password);
  await device.waitForAccountOf(tom);
  const tab = await openLink(t, await resetLink(service, tom));
  await choosePassword(tab, NEW_PASSWORD);
  await tab.heading(tab.texts.reset_password.done_title).waitFor();
  await device.page.reload();
  await device.waitForLogin();
  assert.deepEqual(await device.storage(), {});
});

test('an unknown address gets the same page as a known one', async (t) => {
  const tab = await newTab(t, service);
  for (const { email } of [unregisteredUser(), await registeredUser(service)]) {
    await tab.goto('/auth/forgot-password');
    await tab.fill({ email });
    await tab.submit('forgot_password');
    await tab.heading(tab.texts.forgot_password.done_title).waitFor();
    await tab.page.getByText(filled(tab.texts.forgot_password.done, { minutes: 15 })).waitFor();
  }
});

test('an invalid address is reported at the field', async (t) => {
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
    await tab.waitForFieldError('email', rules[rule]);
  }
});
