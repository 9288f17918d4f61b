// Sessions and events in words, as elements of a list.

import { device } from "./device.js";
import { entry } from "./listing.js";
import { fill, messages } from "./page.js";
import { ago, minute } from "./time.js";

/** The entry of a session. */
export function sessionEntry(session) {
  const lines = [
    fill(messages.last_active, { when: ago(session.last_used_at) }),
    fill(messages.logged_in, {
      when: ago(session.created_at),
      method: messages.methods[session.method] ?? session.method,
    }),
    session.ip_prefix,
  ];
  return entry(device(session.user_agent), lines, session.current && messages.this_device);
}

/** The entry of an event, with more lines below. */
export function eventEntry({ at, action, detail }, lines = []) {
  return entry(messages.actions[action] ?? action, [minute(at), about(detail ?? {}), ...lines]);
}

/** What an event's detail tells people. */
function about({ field, old, new: current, user_agent, ip_prefix }) {
  const inWords = field ? valueInWords : String;
  const change = (field || (old && current)) && fill(messages.changed_to, { old: inWords(old), new: inWords(current) });
  return [change, user_agent && device(user_agent), ip_prefix].filter(Boolean).join(" · ");
}

/** A role, a plan, or the end of one. */
function valueInWords(value) {
  if (!value) return messages.no_end;
  return messages.roles[value] ?? messages.subscriptions[value] ?? minute(value);
}
