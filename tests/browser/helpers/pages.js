// User actions on the pages, by labels, buttons, links and messages.

import assert from 'node:assert/strict';

import { newVisit } from './browser.js';
import { textsIn } from './texts.js';

/** Opens a tab in a separate profile. */
export async function newTab(t, service, options) {
  const visit = await newVisit(t, service, options);
  return openTab(visit);
}

/** Opens another tab in the same profile. */
export async function openTab(visit) {
  return new Tab(visit, await visit.context.newPage());
}

class Tab {
  constructor(visit, page) {
    this.visit = visit;
    this.page = page;
    this.texts = textsIn(visit.language);
  }

  goto(path) {
    return this.page.goto(path);
  }

  /** The input with this label. */
  field(name) {
    return this.page.getByLabel(this.texts.fields[name], { exact: true });
  }

  button(name) {
    return this.page.getByRole('button', { name, exact: true });
  }

  link(name) {
    return this.page.getByRole('link', { name, exact: true });
  }

  heading(name) {
    return this.page.getByRole('heading', { name, exact: true, level: 1 });
  }

  async fill(values) {
    for (const [name, value] of Object.entries(values)) await this.field(name).fill(value);
  }

  /** The part of a row of the account page that opens and closes it, by the row's label. */
  row(label) {
    return this.page.locator('summary').filter({ has: this.page.getByText(label, { exact: true }) });
  }

  /** Submits a form. */
  submit(form) {
    return this.button(this.texts[form].submit).click();
  }

  async register(person) {
    await this.goto('/auth/register');
    await this.fill(person);
    await this.submit('register');
  }

  async logIn({ username }, password) {
    await this.fill({ identifier: username, password });
    await this.submit('login');
  }

  /** Waits until this user is registered, and puts off the verification of the address. */
  async waitForRegistrationOf(person) {
    await this.heading(this.texts.verify_email.sent_title).waitFor();
    await this.link(this.texts.register.later).click();
    await this.waitForAccountOf(person);
  }

  /** Waits for the account page of this user. */
  async waitForAccountOf({ username, email }) {
    await this.page.waitForURL('/account');
    for (const fact of [username, email]) {
      await this.page.getByText(fact, { exact: true }).waitFor();
    }
  }

  /** Waits for the login page. */
  async waitForLogin() {
    await this.page.waitForURL('/auth/login**');
    await this.heading(this.texts.login.title).waitFor();
  }

  /** Waits for an alert with this text. */
  async waitForAlert(text) {
    await this.page.getByRole('alert').filter({ hasText: text }).waitFor();
  }

  /** Waits for an error at a field, and asserts that it is also exposed to screen readers. */
  async waitForFieldError(name, text) {
    await this.page.getByText(text).waitFor();
    const field = this.field(name);
    assert.equal(await field.getAttribute('aria-invalid'), 'true', name);
    const description = await field.evaluate((input) => {
      const ids = input.getAttribute('aria-describedby').split(' ');
      return ids.map((id) => document.getElementById(id).textContent).join(' ');
    });
    assert.ok(description.includes(text), `the description of ${name} is: ${description}`);
  }

  /** The values of fields, by name. */
  async valuesOf(...names) {
    const values = names.map(async (name) => [name, await this.field(name).inputValue()]);
    return Object.fromEntries(await Promise.all(values));
  }

  /** Stores a session as earlier versions of the pages did. */
  storeFormer(session) {
    const stored = typeof session === 'string' ? session : JSON.stringify(session);
    return this.page.evaluate((value) => localStorage.setItem('gatehouse.session', value), stored);
  }

  /** The contents of the local storage. */
  storage() {
    return this.page.evaluate(() => ({ ...localStorage }));
  }

  /** Everything that a script could take the session from. */
  readable() {
    return this.page.evaluate(() => ({
      cookie: document.cookie,
      local: { ...localStorage },
      session: { ...sessionStorage },
    }));
  }

  /** Whether this element contains the focus. */
  isFocused(locator) {
    return locator.evaluate((element) => element.contains(document.activeElement));
  }
}
