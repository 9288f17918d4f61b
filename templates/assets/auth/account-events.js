// The row with what happened to the account, newest first.

import { get } from "./api.js";
import { device } from "./device.js";
import { fill, messages } from "./page.js";
import { entry, Listing } from "./row.js";
import { authorized } from "./session.js";
import { minute } from "./time.js";

const more = document.getElementById("more-events");
let listing;
let cursor;

export function start() {
  listing = new Listing(document.getElementById("events-row"), async () => {
    listing.list.replaceChildren(...(await next()));
    if (!listing.list.children.length) return messages.no_events;
  });
  more.addEventListener("click", () => listing.attempt(append));
}

async function append() {
  const items = await next(cursor);
  listing.list.append(...items);
  items[0]?.focus();
}

/** The elements of a page of events. */
async function next(from) {
  const query = from ? `?${new URLSearchParams({ cursor: from })}` : "";
  const { items, next_cursor } = await authorized(() => get(`/api/v1/auth/events${query}`));
  cursor = next_cursor;
  more.hidden = !cursor;
  return items.map(item);
}

function item({ at, action, detail }) {
  const item = entry(messages.actions[action] ?? action, [minute(at), about(detail ?? {})]);
  item.tabIndex = -1;
  return item;
}

/** What an event's detail tells people. */
function about({ old, new: current, user_agent, ip_prefix }) {
  const change = old && current && fill(messages.changed_to, { old, new: current });
  return [change, user_agent && device(user_agent), ip_prefix].filter(Boolean).join(" · ");
}
