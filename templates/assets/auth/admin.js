// The page of administrators: a list of users, one user, and the audit log. The URL's fragment says which.

import * as api from "./admin-api.js";
import * as invite from "./admin-invite.js";
import * as log from "./admin-log.js";
import * as user from "./admin-user.js";
import * as users from "./admin-users.js";
import { remember } from "./admin-words.js";
import * as frame from "./frame.js";
import { fill, messages } from "./page.js";

const VIEWS = { users, user, log };
const denied = document.getElementById("denied");
const done = document.getElementById("done");
const { title } = document;
let isStarted = false;
/** The user who was shown last. */
let left;
/** What the next view says first. */
let message = "";

for (const { content } of document.querySelectorAll("template")) offerOptions(content);
offerOptions(document);
for (const button of document.querySelectorAll("dialog [data-close]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}
await frame.start({ show });

function show(me) {
  if (me.account_role !== "ADMIN") return deny();
  if (isStarted) return;
  isStarted = true;
  remember(me);
  api.start(me, deny);
  invite.start((invited) => {
    users.reload();
    go(`#user=${invited.id}`, fill(messages.invited, invited));
  });
  user.start({ me, changed: users.update, removed });
  addEventListener("hashchange", () => route({ isMove: true }));
  route({ isMove: false });
}

function removed({ id, username }) {
  users.remove(id);
  go(users.place(), fill(messages.user_deleted, { username }));
}

/** Goes to another view, and says there what has happened. */
function go(hash, text) {
  message = text;
  location.hash = hash;
}

/** Shows the view that the URL names. After a move, the focus goes there. */
async function route({ isMove }) {
  const params = new URLSearchParams(location.hash.slice(1));
  // The log can be that of a user.
  const name = ["log", "user"].find((name) => params.has(name)) ?? "users";
  const section = document.getElementById(name);
  for (const view of Object.keys(VIEWS)) document.getElementById(view).hidden = view !== name;
  for (const link of document.querySelectorAll("nav a")) {
    link.toggleAttribute("aria-current", link.dataset.view === name);
  }
  done.textContent = message;
  message = "";
  document.getElementById("back").href = users.place();
  const from = left;
  left = params.get("user");
  const { hash } = location;
  await VIEWS[name].show(params);
  if (hash !== location.hash) return;
  document.title = `${section.querySelector("h2").textContent} · ${title}`;
  if (isMove) VIEWS[name].focus(from);
}

/** Fills the lists of choices, each of the messages under one name. */
function offerOptions(root) {
  for (const select of root.querySelectorAll("[data-options]")) {
    const options = Object.entries(messages[select.dataset.options]);
    select.append(...options.map(([value, text]) => new Option(text, value)));
  }
}

/** Removes all data of users. */
function deny() {
  frame.clear();
  denied.hidden = false;
  denied.focus();
}
