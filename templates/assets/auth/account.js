// The account page: shows the logged-in user and logs out.

import { fill, language, loginPath, messages } from "./page.js";
import * as session from "./session.js";

const alert = document.querySelector("[role=alert]");
const status = document.querySelector("[role=status]");
const retry = document.getElementById("retry");
const user = document.getElementById("user");

retry.addEventListener("click", show);
document.getElementById("log-out").addEventListener("click", logOut);
session.onEnd(leave);
// The back button can restore the page from the cache after the session has ended.
addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return;
  clear();
  show();
});
show();

async function show() {
  alert.textContent = "";
  retry.hidden = true;
  status.textContent = messages.loading_account;
  try {
    fillIn(await session.getProtected("/api/v1/auth/me"));
  } catch (error) {
    if (session.isUnauthorized(error)) return leave();
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
    created_at: date(me.created_at),
    role: messages.roles[me.account_role] ?? me.account_role,
    subscription: subscription(me),
  };
  for (const [name, text] of Object.entries(facts)) {
    document.getElementById(name).textContent = text;
  }
  user.hidden = false;
}

function subscription({ account_subscription: name, subscription_expires_at: end }) {
  const subscription = messages.subscriptions[name] ?? name;
  return end ? fill(messages.until, { subscription, date: date(end) }) : subscription;
}

function date(moment) {
  return new Intl.DateTimeFormat(language, { dateStyle: "long" }).format(new Date(moment));
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
  clear();
  location.replace(loginPath("/account"));
}

function clear() {
  user.hidden = true;
  for (const fact of user.querySelectorAll("dd")) fact.textContent = "";
}
