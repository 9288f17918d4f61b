// The list of users: search, filters, pages, and the way to a user and back.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { registeredUser, unregisteredUser } from './helpers/accounts.js';
import { adminTab, answer, heading, idOf, listed, waitForListed } from './helpers/admin.js';
import { Keyboard } from './helpers/keyboard.js';
import { startService } from './helpers/service.js';
import { filled } from './helpers/texts.js';

const service = await startService();
const USERS = '/api/v1/admin/users';

/** Registers a user whose name begins with this. */
function named(prefix) {
  const { username } = unregisteredUser();
  const person = { ...unregisteredUser(), username: username.replace('Tom', prefix) };
  return registeredUser(service, { ...person, email: `${person.username.toLowerCase()}@example.com` });
}

/** Inserts as many users as a test needs, without hashing a password for each. */
function insertUsers(own, count) {
  return own.change(`
    INSERT INTO users (id, username, email, hashed_password, account_role, account_subscription, created_at)
    WITH RECURSIVE numbers(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})
    SELECT printf('%08x-0000-4000-8000-%012x', n, abs(random()) % 1000000000), printf('many%06d', n),
      printf('many%06d@example.com', n), '-', 'REGULAR', 'FREE', '2020-01-01 00:00:00' FROM numbers`);
}

function search(tab) {
  return tab.page.getByLabel(tab.texts.admin.search);
}

function choice(tab, name) {
  return tab.page.getByRole('combobox', { name, exact: true });
}

/** The parameters of the requests for the list so far. */
async function queries(tab) {
  const requests = await tab.visit.requestsTo(USERS);
  return requests.map(({ url }) => new URL(url).searchParams.get('query'));
}

test('a search finds users by the start of the name or the address, in any case', async (t) => {
  const [zoe, zora] = [await named('Zoe'), await named('Zora')];
  const [, tab] = await adminTab(t, service);
  await search(tab).fill(zoe.username.toUpperCase());
  await waitForListed(tab, [zoe.username]);
  await search(tab).fill(zora.email.slice(0, -4));
  await waitForListed(tab, [zora.username]);
  assert.ok(tab.page.url().includes(encodeURIComponent(zora.email.slice(0, -4))), tab.page.url());
  await tab.page.reload();
  await waitForListed(tab, [zora.username]);
  assert.equal(await search(tab).inputValue(), zora.email.slice(0, -4));
});

test('a search without a result says so, and its end shows all users', async (t) => {
  const [anna, tab] = await adminTab(t, service);
  await search(tab).fill('nobody-has-this');
  await tab.page.getByRole('status').filter({ hasText: tab.texts.admin_messages.no_users }).waitFor();
  assert.equal(await tab.page.getByRole('table').count(), 0);
  await search(tab).fill('');
  await tab.link(anna.username).waitFor();
});

test('what is typed is sent after a pause, once', async (t) => {
  const [anna, tab] = await adminTab(t, service);
  await tab.link(anna.username).waitFor();
  await search(tab).pressSequentially(anna.username);
  await waitForListed(tab, [anna.username]);
  const sent = await queries(tab);
  assert.ok(sent.length < anna.username.length / 2, sent.join());
  assert.equal(sent.at(-1), anna.username);
});

test('the latest search counts, whichever answer comes first', async (t) => {
  const [yan, yves] = [await named('Yan'), await named('Yves')];
  const [, tab] = await adminTab(t, service);
  let release;
  const released = new Promise((resolve) => (release = resolve));
  await tab.page.route(`**${USERS}?query=Yan*`, async (route) => {
    await released;
    // The page has cancelled the request by now.
    await route.continue().catch(() => {});
  });
  const slow = tab.page.waitForRequest(`**${USERS}?query=Yan*`);
  await search(tab).fill(yan.username);
  await slow;
  const cancelled = tab.page.waitForEvent('requestfailed');
  await search(tab).fill(yves.username);
  await waitForListed(tab, [yves.username]);
  assert.ok((await cancelled).url().includes('query=Yan'));
  release();
  await search(tab).press('Enter');
  await waitForListed(tab, [yves.username]);
  assert.equal(await tab.page.getByRole('alert').filter({ visible: true }).count(), 0);
});

test('the filters select by role and status, and a link keeps them', async (t) => {
  const [xenia, xaver] = [await named('Xenia'), await named('Xaver')];
  await service.change(`UPDATE users SET disabled_at = 1764000000 WHERE email = '${xaver.email}'`);
  await service.change(`UPDATE users SET account_role = 'MODERATOR' WHERE email = '${xenia.email}'`);
  const [, tab] = await adminTab(t, service, { view: '#query=x' });
  const { account, admin } = tab.texts;
  await tab.link(xenia.username).waitFor();
  await choice(tab, account.role).selectOption('MODERATOR');
  await waitForListed(tab, [xenia.username]);
  await choice(tab, account.role).selectOption('');
  await choice(tab, admin.status).selectOption('disabled');
  await waitForListed(tab, [xaver.username]);
  assert.ok(tab.page.url().endsWith('#query=x&status=disabled'), tab.page.url());
  await tab.page.reload();
  await waitForListed(tab, [xaver.username]);
  assert.equal(await choice(tab, admin.status).inputValue(), 'disabled');
});

test('of a hundred thousand users, one page is loaded after the other, and the focus follows', async (t) => {
  const own = await startService();
  // The first request makes the tables.
  await registeredUser(own);
  await insertUsers(own, 100_000);
  const [anna, tab] = await adminTab(t, own);
  await tab.link(anna.username).waitFor();
  assert.equal((await listed(tab)).length, 50);
  await search(tab).fill('many0001');
  const { admin_messages, messages } = tab.texts;
  const shown = (count) => tab.page.getByText(filled(admin_messages.users_shown, { count }), { exact: true });
  await shown(50).waitFor();
  assert.equal((await listed(tab)).length, 50);
  await new Keyboard(tab).press(tab.button(messages.more));
  await shown(100).waitFor();
  assert.equal(await tab.isFocused(tab.page.locator('#users tbody tr').nth(50)), true);
  assert.equal(new Set(await listed(tab)).size, 100);
});

test('an empty page with a cursor is passed over', async (t) => {
  const [anna, tab] = await adminTab(t, service);
  await tab.link(anna.username).waitFor();
  await answer(tab, 'users', { json: { items: [], next_cursor: 'next' } }, { times: 2 });
  const before = (await tab.visit.requestsTo(USERS)).length;
  await tab.page.route(
    (url) => url.searchParams.get('cursor') === 'next',
    (route) => route.continue({ url: `${service.url}${USERS}?query=${anna.username}` }),
    { times: 1 },
  );
  await search(tab).fill(anna.username);
  await waitForListed(tab, [anna.username]);
  assert.ok((await tab.visit.requestsTo(USERS)).length > before + 1);
});

test('back from a user, the list is as it was and the focus on the user', async (t) => {
  const [wanda] = [await named('Wanda'), await named('Wanja')];
  const [, tab] = await adminTab(t, service, { view: '#query=wan' });
  const keyboard = new Keyboard(tab);
  await keyboard.press(tab.link(wanda.username));
  await heading(tab, wanda.username).waitFor();
  assert.equal(await tab.isFocused(heading(tab, wanda.username)), true);
  assert.ok((await tab.page.title()).startsWith(wanda.username), await tab.page.title());
  const before = (await tab.visit.requestsTo(USERS)).length;
  await tab.page.goBack();
  await tab.page.waitForFunction((name) => document.activeElement.textContent === name, wanda.username);
  assert.equal(await search(tab).inputValue(), 'wan');
  await tab.page.goForward();
  await heading(tab, wanda.username).waitFor();
  await tab.link(`← ${tab.texts.admin.users}`).click();
  await tab.link(wanda.username).waitFor();
  assert.equal(await search(tab).inputValue(), 'wan');
  assert.equal((await tab.visit.requestsTo(USERS)).length, before, 'the list was loaded again');
});

test('a change shows on the list at once', async (t) => {
  const vera = await named('Vera');
  const [, tab] = await adminTab(t, service, { view: `#query=${vera.username}` });
  const { admin, admin_messages } = tab.texts;
  await tab.link(vera.username).click();
  await tab.page.locator('summary').filter({ hasText: admin.verify }).click();
  await tab.button(admin.verify).click();
  await tab.page.getByText(filled(admin_messages.address_verified, vera)).waitFor();
  await tab.page.goBack();
  await tab.page.locator('#users tbody').getByText(admin_messages.statuses.active).waitFor();
});

test('the URL of a user can be opened, and values of the API are text', async (t) => {
  const ulla = await named('Ulla');
  const id = await idOf(service, ulla);
  const markup = '<img src=x onerror=alert(1)>';
  await service.change(`UPDATE users SET disabled_at = 1764000000, disabled_reason = '${markup}' WHERE id = '${id}'`);
  const [, tab] = await adminTab(t, service, { view: `#user=${id}` });
  await tab.page.getByText(markup).waitFor();
  await tab.page.getByText(id, { exact: true }).waitFor();
  assert.equal(await tab.page.locator('main img').count(), 0);
});
