// What an administrator sees of users in words: their names, also of those who have an id alone, and their status.

import { element } from "./listing.js";
import { fill, messages } from "./page.js";
import { day, minute } from "./time.js";

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

/** The status as a badge. */
export function statusBadge({ status }) {
  return element("span", `badge ${status}`, messages.statuses[status] ?? status);
}

/** What an administrator has to know before anything else. Empty if there is nothing. */
export function warningAbout({ status, disabled_at, disabled_until, disabled_reason, deletes_at }) {
  const disabled = status === "disabled" && [
    fill(messages.disabled_since, { when: minute(disabled_at) }),
    disabled_until && fill(messages.until_moment, { when: minute(disabled_until) }),
    disabled_reason && fill(messages.for_reason, { reason: disabled_reason }),
  ];
  const deleting = deletes_at && fill(messages.is_deleted_on, { date: day(deletes_at) });
  return [disabled, deleting].flat().filter(Boolean).join(" ");
}
