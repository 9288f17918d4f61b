// What people do on the pages, by what they find there: labels, buttons, links and messages.

import assert from 'node:assert/strict';

import { newVisit } from './browser.js';
import { textsIn } from './texts.js';

/** A tab in a profile of its own. */
export async function newTab(t, service, options) {
  const visit = await newVisit(t, service, options);
  return openTab(visit);
}

/** One more tab in the same profile. */
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

  /** Sends the form of a page. */
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

  /** Waits until the page tells who is logged in. */
  async seesAccountOf({ username, email }) {
    await this.page.waitForURL('/account');
    for (const fact of [username, email]) {
      await this.page.getByText(fact, { exact: true }).waitFor();
    }
  }

  /** Waits until the page asks to log in. */
  async seesLogin() {
    await this.page.waitForURL('/auth/login**');
    await this.heading(this.texts.login.title).waitFor();
  }

  /** Waits until an alert says this. */
  async isAlerted(text) {
    await this.page.getByRole('alert').filter({ hasText: text }).waitFor();
  }

  /** Waits until a field is marked and this stands beside it, for eyes and for screen readers. */
  async isRefused(name, text) {
    await this.page.getByText(text).waitFor();
    const field = this.field(name);
    assert.equal(await field.getAttribute('aria-invalid'), 'true', name);
    const description = await field.evaluate((input) => {
      const ids = input.getAttribute('aria-describedby').split(' ');
      return ids.map((id) => document.getElementById(id).textContent).join(' ');
    });
    assert.ok(description.includes(text), `${name} is described by: ${description}`);
  }

  /** The values of fields by their names. */
  async valuesOf(...names) {
    const values = names.map(async (name) => [name, await this.field(name).inputValue()]);
    return Object.fromEntries(await Promise.all(values));
  }

  /** What the browser keeps of the session. */
  storage() {
    return this.page.evaluate(() => ({ ...localStorage }));
  }

  /** Whether the focus is on this element, or in it. */
  isFocused(locator) {
    return locator.evaluate((element) => element.contains(document.activeElement));
  }
}
