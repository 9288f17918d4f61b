// The list of users, with search and filters.

import { send, USERS } from "./admin-api.js";
import { Filters } from "./admin-filters.js";
import { remember, statusBadge } from "./admin-words.js";
import { element } from "./listing.js";
import { fill, messages } from "./page.js";
import { Paged } from "./paged.js";
import { day } from "./time.js";
import { roleOf, subscriptionOf } from "./user.js";

const section = document.getElementById("users");
const heading = section.querySelector("h2");
const listing = new Paged(section, { path: USERS, query: () => filters.values, send, item, tell });
const filters = new Filters(section.querySelector("form"), (values) => {
  history.replaceState(null, "", `#${values}`);
  listing.load();
});

/** Shows the users whom the parameters select. The list stays as it was if they are the same. */
export function show(params) {
  if (filters.fill(params)) listing.load();
}

/** The fragment that leads back to the list as it is. */
export function place() {
  return `#${filters.values}`;
}

/** Focuses the user who was shown last. */
export function focus(left) {
  (rowOf(left)?.querySelector("a") ?? heading).focus();
}

/** Loads the list again, with a user who has come. */
export function reload() {
  listing.load();
}

/** Shows a user as they are now. */
export function update(user) {
  rowOf(user.id)?.replaceWith(item(user));
}

/** Takes a user off the list. */
export function remove(id) {
  rowOf(id)?.remove();
}

function rowOf(id) {
  return [...listing.list.children].find((row) => row.dataset.user === id);
}

function tell(count) {
  return count ? fill(messages.users_shown, { count }) : messages.no_users;
}

function item(user) {
  remember(user);
  const row = document.createElement("tr");
  row.dataset.user = user.id;
  const link = element("a", "entry-title", user.username);
  link.href = `#user=${user.id}`;
  const name = document.createElement("td");
  name.append(link, element("p", "hint", user.email));
  const status = document.createElement("td");
  status.append(statusBadge(user));
  const texts = [roleOf(user), subscriptionOf(user)].map((text) => element("td", "", text));
  row.append(name, ...texts, status, element("td", "", day(user.created_at)));
  return row;
}
