// The row with the devices that are logged in.

import { get, remove } from "./api.js";
import { device } from "./device.js";
import { sessionEntry } from "./entries.js";
import { button, Listing } from "./listing.js";
import { fill, messages } from "./page.js";
import { authorized } from "./session.js";

const SESSIONS = "/api/v1/auth/sessions";
const endOthers = document.getElementById("end-others");
let listing;

export function start() {
  listing = new Listing(document.getElementById("sessions-row"), show);
  endOthers.addEventListener("click", () => end(SESSIONS, messages.others_ended));
}

async function show() {
  const sessions = await authorized(() => get(SESSIONS));
  const [current, others] = [true, false].map((isCurrent) =>
    sessions.filter(({ current }) => current === isCurrent),
  );
  listing.list.replaceChildren(...[...current, ...others].map(item));
  endOthers.hidden = others.length === 0;
}

function item(session) {
  const item = sessionEntry(session);
  if (!session.current) item.append(endButton(session));
  return item;
}

function endButton({ id, user_agent }) {
  const name = device(user_agent);
  const text = fill(messages.session_ended, { device: name });
  const made = button("secondary", messages.end_session, () => end(`${SESSIONS}/${id}`, text));
  made.ariaLabel = fill(messages.end_session_of, { device: name });
  return made;
}

/** Ends sessions. A 404 means that somebody else has ended it meanwhile. */
function end(path, text) {
  listing.attempt(async () => {
    await authorized(() => remove(path)).catch((error) => {
      if (error.status !== 404) throw error;
    });
    await show();
    // The button that had the focus is gone.
    listing.focus();
    return text;
  });
}
