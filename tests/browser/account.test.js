// The whole life of an account, with nothing but the pages and a mailbox, in every language.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { logsIn, NEW_PASSWORD, stranger } from './helpers/accounts.js';
import { newPage } from './helpers/browser.js';
import { newTab } from './helpers/pages.js';
import { startService } from './helpers/service.js';
import { textsIn } from './helpers/texts.js';

// The captcha costs what it costs people.
const service = await startService({ captcha_cost: undefined });

for (const locale of ['en-GB', 'pl-PL']) {
  test(`an account is made, lost and won back through the pages in ${locale}`, async (t) => {
    const person = stranger();
    const tab = await newTab(t, service, { locale });
    await registers(tab, person);
    await logsOutAndInAgain(tab, person);
    await tab.button(tab.texts.account.log_out).click();
    await tab.seesLogin();
    await asksForALink(tab, person);
    await choosesANewPassword(tab, person);
    await tab.link(tab.texts.common.log_in).click();
    await tab.logIn(person, NEW_PASSWORD);
    await tab.seesAccountOf(person);
    assert.equal(await logsIn(service, person, person.password), false, 'the old password is dead');
  });
}

async function registers(tab, person) {
  await tab.goto('/auth/login');
  await tab.link(tab.texts.common.register).click();
  await tab.heading(tab.texts.register.title).waitFor();
  assert.equal(await tab.page.locator('html').getAttribute('lang'), tab.visit.language);
  await tab.fill(person);
  await tab.submit('register');
  await tab.seesAccountOf(person);
  await tab.page.getByText(tab.texts.messages.roles.REGULAR, { exact: true }).waitFor();
}

async function logsOutAndInAgain(tab, person) {
  await tab.button(tab.texts.account.log_out).click();
  await tab.seesLogin();
  assert.deepEqual(await tab.storage(), {});
  await tab.logIn(person, person.password);
  await tab.seesAccountOf(person);
}

async function asksForALink(tab, person) {
  await tab.link(tab.texts.common.forgot_password).click();
  await tab.fill({ email: person.email });
  await tab.submit('forgot_password');
  await tab.heading(tab.texts.forgot_password.done_title).waitFor();
}

async function choosesANewPassword(tab, person) {
  const mails = textsIn(tab.visit.language).email;
  const reset = await service.mail.next(person.email);
  assert.equal(reset.subject, mails.password_reset.subject);
  await tab.goto(reset.link);
  await tab.fill({ new_password: NEW_PASSWORD });
  await tab.submit('reset_password');
  await tab.heading(tab.texts.reset_password.done_title).waitFor();
  const notice = await service.mail.next(person.email);
  assert.equal(notice.subject, mails.password_changed.subject);
}

test('a person whose languages are all unknown gets the pages in English', async (t) => {
  const page = await newPage(t, service, { locale: 'fr-FR' });
  await page.goto('/auth/login');
  await page.getByRole('heading', { name: textsIn('en').login.title }).waitFor();
});
