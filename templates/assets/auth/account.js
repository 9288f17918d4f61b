// The account page: shows the logged-in user and logs out. Each row that opens has a script of its own.

import * as deletion from "./account-delete.js";
import * as email from "./account-email.js";
import * as events from "./account-events.js";
import { download } from "./account-export.js";
import * as password from "./account-password.js";
import * as sessions from "./account-sessions.js";
import * as username from "./account-username.js";
import { get } from "./api.js";
import { Form } from "./form.js";
import { fill, loginPath, messages } from "./page.js";
import * as session from "./session.js";
import { day } from "./time.js";
import * as verification from "./verification.js";

const alert = document.querySelector("[role=alert]");
const status = document.querySelector("[role=status]");
const retry = document.getElementById("retry");
const user = document.getElementById("user");
const title = document.querySelector(".title");
const logOutButton = document.getElementById("log-out");
let isLeaving = false;

retry.addEventListener("click", show);
logOutButton.addEventListener("click", logOut);
session.onEnd(leave);
// The back button can restore the page from the cache after the session has ended.
addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return;
  user.hidden = true;
  location.reload();
});
username.start(show);
email.start(show);
password.start();
sessions.start();
events.start();
new Form(document.getElementById("export"), download);
deletion.start(clear);
await show();
openLinkedRow();

/** Shows the user as the service has it now. */
async function show() {
  alert.textContent = "";
  retry.hidden = true;
  if (user.hidden) status.textContent = messages.loading_account;
  try {
    fillIn(await session.authorized(() => get("/api/v1/auth/me")));
  } catch (error) {
    if (isLeaving) return;
    alert.textContent = error.text ?? messages.failed;
    user.hidden = true;
    retry.hidden = false;
  } finally {
    status.textContent = "";
  }
}

function fillIn(me) {
  const facts = {
    username: me.username,
    email: me.email,
    created_at: day(me.created_at),
    role: messages.roles[me.account_role] ?? me.account_role,
    subscription: subscription(me),
  };
  for (const [name, text] of Object.entries(facts)) {
    document.getElementById(name).textContent = text;
  }
  email.show(me);
  password.show(me);
  user.hidden = false;
  logOutButton.hidden = false;
}

function subscription({ account_subscription: name, subscription_expires_at: end }) {
  const subscription = messages.subscriptions[name] ?? name;
  return end ? fill(messages.until, { subscription, date: day(end) }) : subscription;
}

/** Opens the row that the URL names, such as `#sessions-row`. */
function openLinkedRow() {
  const row = location.hash && document.getElementById(location.hash.slice(1));
  if (!(row instanceof HTMLDetailsElement)) return;
  row.open = true;
  row.scrollIntoView();
}

async function logOut() {
  alert.textContent = "";
  try {
    await session.end();
  } catch (error) {
    alert.textContent = error.text ?? messages.failed;
    return;
  }
  leave();
}

/** Clears the account's data, so that the back button cannot show it, and goes to the login. */
function leave() {
  isLeaving = true;
  verification.forget();
  clear();
  location.replace(loginPath("/account"));
}

function clear() {
  user.remove();
  title.hidden = true;
}
