// The page that verifies an email address, by the link or by the code in the same mail.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { canLogIn, registeredUser, unregisteredUser, verificationMail } from './helpers/accounts.js';
import { newTab, openTab } from './helpers/pages.js';
import { startService } from './helpers/service.js';
import { filled } from './helpers/texts.js';

const PATH = '/auth/verify-email';
const API = '/api/v1/auth/verify-email';
const strict = await startService({ email_verification: 'required' });
const service = await startService();

/** Opens the link in the mail of a new user. */
async function openLink(t, options) {
  const tom = await registeredUser(strict);
  const { link, code } = await verificationMail(strict, tom);
  const tab = await newTab(t, strict, options);
  await tab.goto(link);
  return { tom, tab, link, code };
}

/** Registers on the page of a service that requires a verification, and waits for the mail. */
async function register(t, options) {
  const tom = unregisteredUser();
  const tab = await newTab(t, strict, options);
  await tab.register(tom);
  await tab.heading(tab.texts.verify_email.sent_title).waitFor();
  return { tom, tab, ...(await verificationMail(strict, tom)) };
}

/** Opens the page as someone who does not come from a mail. */
async function openPage(t, query = '') {
  const tab = await newTab(t, strict);
  await tab.goto(PATH + query);
  return tab;
}

function confirm(tab) {
  return tab.submit('verify_email');
}

for (const locale of ['en-GB', 'pl-PL']) {
  test(`a link verifies the address when the button is pressed, and not before, in ${locale}`, async (t) => {
    const { tom, tab, link } = await openLink(t, { locale });
    await tab.heading(tab.texts.verify_email.title).waitFor();
    await tab.page.reload();
    assert.deepEqual(await tab.visit.requestsTo(API), [], 'the link verified by itself');
    assert.ok(!tab.page.url().includes('token'), tab.page.url());
    await confirm(tab);
    await tab.heading(tab.texts.verify_email.done_title).waitFor();
    assert.equal(await canLogIn(strict, tom, tom.password), true);
    await tab.goto(link);
    await confirm(tab);
    await tab.heading(tab.texts.reset_password.broken_title).waitFor();
  });

  test(`a new user enters the code and is logged in, in ${locale}`, async (t) => {
    const { tom, tab, code } = await register(t, { locale });
    await tab.page.getByText(filled(tab.texts.messages.link_or_code, { email: tom.email })).waitFor();
    assert.equal(await tab.link(tab.texts.register.later).count(), 0);
    await tab.fill({ code: wrong(code) });
    await confirm(tab);
    await tab.waitForFieldError('code', tab.texts.messages.errors.INVALID_VERIFICATION_TOKEN);
    assert.equal(await tab.isFocused(tab.field('code')), true);
    await tab.fill({ code: ` ${code.slice(0, 4)}-${code.slice(4)}\n` });
    await confirm(tab);
    await tab.waitForAccountOf(tom);
  });
}

/** Another code with eight digits. */
function wrong(code) {
  return String((Number(code) + 1) % 1e8).padStart(8, '0');
}

test('the field for the code takes digits, and the browser can fill it', async (t) => {
  const { tab } = await register(t);
  const field = tab.field('code');
  assert.equal(await field.getAttribute('inputmode'), 'numeric');
  assert.equal(await field.getAttribute('autocomplete'), 'one-time-code');
  assert.equal(await field.getAttribute('maxlength'), null, 'a pasted code with spaces would be cut off');
});

test('a link that is used up gives way to a new mail', async (t) => {
  const { tom, tab } = await openLink(t);
  await strict.change('DELETE FROM email_verifications');
  await confirm(tab);
  await tab.heading(tab.texts.reset_password.broken_title).waitFor();
  await tab.button(tab.texts.verify_email.ask_again).click();
  await tab.fill({ email: tom.email });
  await tab.button(tab.texts.verify_email.ask_submit).click();
  const { code } = await verificationMail(strict, tom);
  await tab.page.getByText(filled(tab.texts.messages.link_or_code_maybe, { email: tom.email })).waitFor();
  await tab.fill({ code });
  await confirm(tab);
  await tab.heading(tab.texts.verify_email.done_title).waitFor();
  await tab.link(tab.texts.common.continue).click();
  await tab.waitForLogin();
  assert.equal(await canLogIn(strict, tom, tom.password), true);
});

test('a login without a verified address leads to the code, and then back', async (t) => {
  const tom = await registeredUser(strict);
  await verificationMail(strict, tom);
  const tab = await newTab(t, strict);
  await tab.goto('/auth/login?return_to=/docs');
  await tab.logIn({ username: tom.email }, tom.password);
  await tab.page.waitForURL(`${PATH}?return_to=%2Fdocs`);
  const { code } = await verificationMail(strict, tom);
  await tab.page.reload();
  await tab.fill({ code });
  await confirm(tab);
  await tab.heading(tab.texts.verify_email.done_title).waitFor();
  await tab.link(tab.texts.common.continue).click();
  await tab.waitForLogin();
  await tab.logIn(tom, tom.password);
  await tab.page.waitForURL('/docs');
});

test('a login by username asks for the address before another mail', async (t) => {
  const tom = await registeredUser(strict);
  const tab = await newTab(t, strict);
  await tab.goto('/auth/login');
  await tab.logIn(tom, tom.password);
  await tab.page.getByText(tab.texts.messages.link_or_code_to_you).waitFor();
  await tab.button(tab.texts.verify_email.resend).click();
  await tab.heading(tab.texts.verify_email.title).waitFor();
  await tab.fill({ email: tom.email });
  await tab.button(tab.texts.verify_email.ask_submit).click();
  await tab.heading(tab.texts.verify_email.sent_title).waitFor();
});

test('another mail is sent, and only its code counts', async (t) => {
  const { tom, tab, code: first } = await register(t);
  await tab.button(tab.texts.verify_email.resend).click();
  await tab.page.getByText(tab.texts.messages.sent_again).waitFor();
  const { code } = await verificationMail(strict, tom);
  await tab.fill({ code: first });
  await confirm(tab);
  await tab.waitForFieldError('code', tab.texts.messages.errors.INVALID_VERIFICATION_TOKEN);
  await tab.fill({ code });
  await confirm(tab);
  await tab.waitForAccountOf(tom);
});

test('an application can name the verification in the URL', async (t) => {
  const tab = await openPage(t, '?verification_id=b0f5d8f2-3c53-4c0e-9c59-6f1f0a1f7a52');
  await tab.fill({ code: '12345678' });
  await confirm(tab);
  await tab.waitForFieldError('code', tab.texts.messages.errors.INVALID_VERIFICATION_TOKEN);
  const [{ body }] = await tab.visit.requestsTo(API);
  assert.deepEqual(JSON.parse(body), {
    verification_id: 'b0f5d8f2-3c53-4c0e-9c59-6f1f0a1f7a52',
    code: '12345678',
  });
});

test('without a mail the page offers to send one, and does not tell who has an account', async (t) => {
  const tab = await openPage(t);
  const { email } = unregisteredUser();
  await tab.fill({ email: 'nope' });
  await tab.button(tab.texts.verify_email.ask_submit).click();
  await tab.waitForFieldError('email', tab.texts.messages.rules['An email address must have an @-sign.']);
  await tab.fill({ email });
  await tab.button(tab.texts.verify_email.ask_submit).click();
  await tab.page.getByText(filled(tab.texts.messages.link_or_code_maybe, { email })).waitFor();
});

test('where verification is optional, a new user is logged in and can put it off', async (t) => {
  const tom = unregisteredUser();
  const tab = await newTab(t, service);
  await tab.register(tom);
  await tab.heading(tab.texts.verify_email.sent_title).waitFor();
  const other = await openTab(tab.visit);
  await other.goto('/account');
  await other.waitForAccountOf(tom);
  await tab.link(tab.texts.register.later).click();
  await tab.waitForAccountOf(tom);
});

test('where verification is off, a new user goes straight on', async (t) => {
  const off = await startService({ email_verification: 'off' });
  const tom = unregisteredUser();
  const tab = await newTab(t, off);
  await tab.register(tom);
  await tab.waitForAccountOf(tom);
  assert.equal(await tab.page.getByText(tab.texts.account.unverified).isVisible(), false);
});

test('a failure keeps the link and the code', async (t) => {
  const { tab } = await openLink(t);
  await tab.visit.context.setOffline(true);
  await confirm(tab);
  await tab.waitForAlert(tab.texts.messages.offline);
  await tab.visit.context.setOffline(false);
  const throttled = { status: 429, headers: { 'retry-after': '7' }, json: { detail: '' } };
  await tab.page.route(`**${API}`, (route) => route.fulfill(throttled), { times: 1 });
  await confirm(tab);
  await tab.waitForAlert(tab.texts.messages.too_many_requests.split('{when}')[0]);
  await confirm(tab);
  await tab.heading(tab.texts.verify_email.done_title).waitFor();
});
