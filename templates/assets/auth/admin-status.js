// The status of a user in words.

import { element } from "./listing.js";
import { fill, messages } from "./page.js";
import { day, minute } from "./time.js";

/** The status as a badge. */
export function statusBadge({ status }) {
  const name = status === "active" ? "badge" : "badge warning";
  return element("span", name, messages.statuses[status] ?? status);
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
