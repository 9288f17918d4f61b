// The life cycle of an account, using only the pages and a mailbox, in every language.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { canLogIn, NEW_PASSWORD, unregisteredUser } from './helpers/accounts.js';
import { newPage } from './helpers/browser.js';
import { newTab } from './helpers/pages.js';
import { startService } from './helpers/service.js';
import { textsIn } from './helpers/texts.js';

// With the captcha's default cost.
const service = await startService({ captcha_cost: undefined });

for (const locale of ['en-GB', 'pl-PL']) {
  test(`a user registers, forgets the password and resets it on the pages in ${locale}`, async (t) => {
    const person = unregisteredUser();
    const tab = await newTab(t, service, { locale });
    await register(tab, person);
    await logOutAndInAgain(tab, person);
    await tab.button(tab.texts.account.log_out).click();
    await tab.waitForLogin();
    await requestLink(tab, person);
    await chooseNewPassword(tab, person);
    await tab.link(tab.texts.common.log_in).click();
    await tab.logIn(person, NEW_PASSWORD);
    await tab.waitForAccountOf(person);
    assert.equal(await canLogIn(service, person, person.password), false, 'the old password still works');
  });
}

async function register(tab, person) {
  await tab.goto('/auth/login');
  await tab.link(tab.texts.common.register).click();
  await tab.heading(tab.texts.register.title).waitFor();
  assert.equal(await tab.page.locator('html').getAttribute('lang'), tab.visit.language);
  await tab.fill(person);
  await tab.submit('register');
  await tab.waitForRegistrationOf(person);
  await tab.page.getByText(tab.texts.messages.roles.REGULAR, { exact: true }).waitFor();
}

async function logOutAndInAgain(tab, person) {
  await tab.button(tab.texts.account.log_out).click();
  await tab.waitForLogin();
  assert.deepEqual(await tab.storage(), {});
  await tab.logIn(person, person.password);
  await tab.waitForAccountOf(person);
}

async function requestLink(tab, person) {
  await tab.link(tab.texts.common.forgot_password).click();
  await tab.fill({ email: person.email });
  await tab.submit('forgot_password');
  await tab.heading(tab.texts.forgot_password.done_title).waitFor();
}

async function chooseNewPassword(tab, person) {
  const mails = textsIn(tab.visit.language).email;
  const reset = await service.mail.next(person.email, 'reset-password');
  assert.equal(reset.subject, mails.password_reset.subject);
  await tab.goto(reset.link);
  await tab.fill({ new_password: NEW_PASSWORD });
  await tab.submit('reset_password');
  await tab.heading(tab.texts.reset_password.done_title).waitFor();
  const notice = await service.mail.next(person.email, 'not-me');
  assert.equal(notice.subject, mails.password_changed.subject);
}

test('a browser without a supported language gets the pages in English', async (t) => {
  const page = await newPage(t, service, { locale: 'fr-FR' });
  await page.goto('/auth/login');
  await page.getByRole('heading', { name: textsIn('en').login.title }).waitFor();
});
