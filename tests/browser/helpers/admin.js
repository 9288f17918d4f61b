// Administrators, and what they do on their page.

import { logIn, registeredUser } from './accounts.js';
import { newTab } from './pages.js';

/** Registers a new administrator. */
export async function administrator(service) {
  const person = await registeredUser(service);
  await service.change(`UPDATE users SET account_role = 'ADMIN' WHERE email = '${person.email}'`);
  return person;
}

/** Opens a tab in which a new administrator is logged in and sees this view. */
export async function adminTab(t, service, { view = '', ...options } = {}) {
  const anna = await administrator(service);
  const tab = await newTab(t, service, options);
  await tab.goto('/auth/login');
  await tab.logIn(anna, anna.password);
  await tab.waitForAccountOf(anna);
  await tab.goto(`/admin${view}`);
  return [anna, tab];
}

/** A user's id. */
export async function idOf(service, person) {
  const { body } = await logIn(service, person, person.password);
  const headers = { authorization: `Bearer ${body.access_token}` };
  return (await service.request('/api/v1/auth/me', { headers })).body.id;
}

/** Opens a tab with the page of this user. */
export async function userTab(t, service, person, options) {
  const view = `#user=${await idOf(service, person)}`;
  const [anna, tab] = await adminTab(t, service, { view, ...options });
  await heading(tab, person.username).waitFor();
  return [anna, tab];
}

/** The heading of a view. */
export function heading(tab, name) {
  return tab.page.getByRole('heading', { name, exact: true, level: 2 });
}

/** The visible part of a row that opens it, by what it does. */
export function opener(tab, action) {
  return tab.page.locator('summary:visible').filter({ has: tab.page.getByText(action, { exact: true }) });
}

/** The names on the list of users. */
export function listed(tab) {
  return tab.page.locator('#users tbody a').allTextContents();
}

/** Waits until the list has these names. */
export async function waitForListed(tab, names) {
  await tab.page.waitForFunction(
    (expected) => {
      const links = [...document.querySelectorAll('#users tbody a')];
      return JSON.stringify(links.map((link) => link.textContent)) === expected;
    },
    JSON.stringify(names),
  );
}

/** Answers requests to `path` below `/api/v1/admin/` with `response`, a number of times. */
export function answer(tab, path, response, options) {
  const isMeant = (url) => url.pathname === `/api/v1/admin/${path}`;
  return tab.page.route(isMeant, (route) => route.fulfill(response), options);
}

/** Makes the login of all sessions too long ago for what cannot be undone. */
export function letLoginsAge(service) {
  return service.change('UPDATE sessions SET authenticated_at = authenticated_at - 3600');
}
