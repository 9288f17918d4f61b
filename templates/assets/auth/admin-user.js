// One user, with everything that an administrator can see and do.

import * as actions from "./admin-actions.js";
import { send, USERS } from "./admin-api.js";
import { pagedEvents } from "./admin-log.js";
import { remember, statusBadge, warningAbout } from "./admin-words.js";
import { get, remove } from "./api.js";
import { sessionEntry } from "./entries.js";
import { element, Listing, SUPERSEDED } from "./listing.js";
import { messages } from "./page.js";
import { day } from "./time.js";
import { roleOf, subscriptionOf } from "./user.js";

const section = document.getElementById("user");
const heading = section.querySelector("h2");
const badges = document.getElementById("badges");
const content = document.getElementById("user-content");
const template = document.getElementById("user-template");
const unnamed = heading.textContent;
const loader = new Listing(section, load, content);
let wanted;
let page;

/** `me` is the administrator. The list is told of changes by `changed` and `removed`. */
export function start({ me, changed, removed }) {
  page = { me, changed, removed };
}

/** Loads the user whom the parameters name. */
export function show(params) {
  wanted = params.get("user");
  heading.textContent = unnamed;
  badges.replaceChildren();
  content.replaceChildren();
  return loader.load();
}

/** Moves the focus from the view before, unless it is elsewhere by now. */
export function focus() {
  if (document.activeElement === document.body) heading.focus();
}

async function load() {
  const id = wanted;
  const user = await send(() => get(pathOf(id)));
  if (id !== wanted) throw SUPERSEDED;
  // New elements: nothing of another user is left in them.
  content.replaceChildren(template.content.cloneNode(true));
  fillIn(user);
  actions.start(content, user, { path: pathOf(id), changed, removed: page.removed });
  showSessions(content.querySelector("[data-row=sessions]"), `${pathOf(id)}/sessions`);
  pagedEvents(content.querySelector("[data-row=events]"), () => ({ user: id }));
  content.querySelector("[data-log]").href = `#log&user=${id}`;
}

function pathOf(id) {
  return `${USERS}/${encodeURIComponent(id)}`;
}

function changed(user) {
  fillIn(user);
  page.changed(user);
}

function fillIn(user) {
  remember(user);
  heading.textContent = user.username;
  badges.replaceChildren(statusBadge(user));
  if (user.id === page.me.id) badges.append(" ", element("span", "badge", messages.you));
  const facts = {
    warning: warningAbout(user),
    email: user.email,
    role: roleOf(user),
    subscription: subscriptionOf(user),
    created_at: day(user.created_at),
    id: user.id,
  };
  for (const [name, text] of Object.entries(facts)) {
    content.querySelector(`[data-fact=${name}]`).textContent = text;
  }
  const isShown = {
    verified: user.email_verified,
    unverified: !user.email_verified,
    disabled: user.status === "disabled",
    enabled: user.status !== "disabled",
    by_setting: user.admin_by_setting,
  };
  for (const [name, shown] of Object.entries(isShown)) {
    for (const part of content.querySelectorAll(`[data-if=${name}]`)) part.hidden = !shown;
  }
}

function showSessions(row, path) {
  const end = row.querySelector("[data-end]");
  const list = async () => {
    const sessions = await send(() => get(path));
    listing.list.replaceChildren(...sessions.map(sessionEntry));
    end.hidden = !sessions.length;
    return sessions.length ? "" : messages.no_sessions;
  };
  const listing = new Listing(row, list);
  end.querySelector("button").addEventListener("click", () => {
    listing.attempt(async () => {
      await send(() => remove(path));
      await list();
      // The button that had the focus is gone.
      listing.focus();
      return messages.sessions_ended;
    });
  });
}
