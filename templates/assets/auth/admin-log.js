// The audit log: what happened to whom, and who did it.

import { EVENTS, send, USERS } from "./admin-api.js";
import { Filters } from "./admin-filters.js";
import { linkTo, remember } from "./admin-words.js";
import { get } from "./api.js";
import { eventEntry } from "./entries.js";
import { element } from "./listing.js";
import { fill, messages } from "./page.js";
import { Paged } from "./paged.js";
import { minute } from "./time.js";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const section = document.getElementById("log");
const filters = new Filters(section.querySelector("form"), (values) => {
  history.replaceState(null, "", `#log&${values}`);
  listing.load();
});
const listing = pagedEvents(section, async () => {
  const { user, ...others } = Object.fromEntries(filters.values);
  return user ? { ...others, user: await idOf(user) } : others;
});

/** Shows the events that the parameters select. */
export function show(params) {
  filters.fill(params);
  listing.load();
}

export function focus() {
  section.querySelector("h2").focus();
}

/** A list of events, of one user or of all. */
export function pagedEvents(root, query) {
  const tell = (count) => (count ? "" : messages.no_such_events);
  return new Paged(root, { path: EVENTS, query, send, item, tell });
}

/** The id of the user with this id, address or name. */
async function idOf(text) {
  if (UUID.test(text)) return text;
  const wanted = text.toLowerCase();
  const params = new URLSearchParams({ query: text, limit: 100 });
  for (;;) {
    const { items, next_cursor } = await send(() => get(`${USERS}?${params}`));
    const found = items.find(({ email, username }) => [email, username.toLowerCase()].includes(wanted));
    if (found) remember(found);
    if (found) return found.id;
    if (!next_cursor) throw Object.assign(new Error("no such user"), { text: messages.no_such_user });
    params.set("cursor", next_cursor);
  }
}

function item(event) {
  const { detail, request_id } = event;
  return eventEntry(event, [people(event), ...reasons(detail ?? {}), request_id && element("code", "", request_id)]);
}

/** Whom it happened to, and who did it. */
function people({ user_id, actor }) {
  const line = document.createElement("span");
  line.append(linkTo(user_id), " · ");
  if (actor === user_id) line.append(messages.by_themselves);
  else if (messages.actors[actor]) line.append(messages.actors[actor]);
  else line.append(`${messages.by} `, linkTo(actor));
  return line;
}

function reasons({ reason, disabled_reason = reason, disabled_until: until }) {
  return [
    disabled_reason && fill(messages.for_reason, { reason: disabled_reason }),
    until && fill(messages.until_moment, { when: minute(until) }),
  ];
}
