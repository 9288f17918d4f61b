// The page behind "This wasn't me" in a notice.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { canLogIn, NEW_PASSWORD, PASSWORD, registeredUser, resetLink } from './helpers/accounts.js';
import { newTab, openTab } from './helpers/pages.js';
import { startService } from './helpers/service.js';
import { filled } from './helpers/texts.js';

const API = '/api/v1/auth/not-me';
const service = await startService();

/** A user whose password has been reset, and the link of the notice. */
async function noticed() {
  const tom = await registeredUser(service);
  const token = new URL(await resetLink(service, tom)).searchParams.get('token');
  await service.post('/api/v1/auth/reset-password', { token, new_password: NEW_PASSWORD });
  const { link } = await service.mail.next(tom.email, 'not-me');
  return [tom, link];
}

for (const locale of ['en-GB', 'pl-PL']) {
  test(`the account is secured when the button is pressed, and not before, in ${locale}`, async (t) => {
    const [tom, link] = await noticed();
    const tab = await newTab(t, service, { locale });
    await tab.goto(link);
    const { not_me, reset_password } = tab.texts;
    await tab.heading(not_me.title).waitFor();
    for (const name of ['undone', 'logged_out', 'password', 'mail']) {
      await tab.page.getByRole('listitem').filter({ hasText: not_me[name] }).waitFor();
    }
    assert.ok(!tab.page.url().includes('token'), tab.page.url());
    await tab.page.reload();
    assert.equal(await canLogIn(service, tom, NEW_PASSWORD), true, 'the link secured by itself');
    await tab.submit('not_me');
    await tab.heading(not_me.done_title).waitFor();
    await tab.page.getByText(filled(not_me.done, { minutes: 15 })).waitFor();
    assert.equal(await canLogIn(service, tom, NEW_PASSWORD), false);
    await tab.goto((await service.mail.next(tom.email, 'reset-password')).link);
    await tab.fill({ new_password: PASSWORD });
    await tab.submit('reset_password');
    await tab.heading(reset_password.done_title).waitFor();
    await tab.goto(link);
    await tab.submit('not_me');
    await tab.heading(reset_password.broken_title).waitFor();
    await tab.link(not_me.reset).click();
    await tab.heading(tab.texts.forgot_password.title).waitFor();
  });
}

test("the owner's tabs are logged out, too", async (t) => {
  const [tom, link] = await noticed();
  const tab = await newTab(t, service);
  await tab.goto('/auth/login');
  await tab.logIn(tom, NEW_PASSWORD);
  await tab.waitForAccountOf(tom);
  const other = await openTab(tab.visit);
  await other.goto(link);
  await other.submit('not_me');
  await other.heading(other.texts.not_me.done_title).waitFor();
  await tab.waitForLogin();
  assert.deepEqual(await tab.visit.sessionCookies(), {});
});

for (const query of ['', '?token=']) {
  test(`the link with the query "${query}" leads to a new password`, async (t) => {
    const tab = await newTab(t, service);
    await tab.goto(`/auth/not-me${query}`);
    await tab.heading(tab.texts.reset_password.broken_title).waitFor();
    assert.equal((await tab.visit.requestsTo(API)).length, 0);
  });
}

test('a failure keeps the link', async (t) => {
  const [, link] = await noticed();
  const tab = await newTab(t, service);
  await tab.goto(link);
  await tab.page.route(`**${API}`, (route) => route.abort(), { times: 1 });
  await tab.submit('not_me');
  await tab.waitForAlert(tab.texts.messages.unreachable);
  const busy = { status: 503, json: { detail: '', error_code: 'DB_LOCKED' } };
  await tab.page.route(`**${API}`, (route) => route.fulfill(busy), { times: 1 });
  await tab.submit('not_me');
  await tab.waitForAlert(tab.texts.messages.unavailable);
  await tab.submit('not_me');
  await tab.heading(tab.texts.not_me.done_title).waitFor();
});
