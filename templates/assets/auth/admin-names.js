// The names of the users whom the page has seen: events have ids alone.

import { element } from "./listing.js";

const names = new Map();

/** Remembers the name of a user. */
export function remember({ id, username }) {
  names.set(id, username);
}

/** A link to a user, by the name if it is known. */
export function linkTo(id) {
  const link = element("a", "", names.get(id) ?? `${id.slice(0, 8)}…`);
  link.href = `#user=${id}`;
  link.title = id;
  return link;
}
