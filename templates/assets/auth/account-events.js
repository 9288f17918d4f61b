// The row with what happened to the account, newest first.

import { eventEntry } from "./entries.js";
import { messages } from "./page.js";
import { Paged } from "./paged.js";

export function start() {
  new Paged(document.getElementById("events-row"), {
    path: "/api/v1/auth/events",
    item: eventEntry,
    tell: (count) => (count ? "" : messages.no_events),
  });
}
