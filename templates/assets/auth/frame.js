// The frame of a page that needs a session: loads the user first, and leaves when the session ends.

import { get } from "./api.js";
import { loginPath, messages } from "./page.js";
import * as session from "./session.js";

const alert = document.querySelector("[role=alert]");
const status = document.querySelector("[role=status]");
const retry = document.getElementById("retry");
const content = document.getElementById("content");
const title = document.querySelector(".title");
const logOutButton = document.getElementById("log-out");
let page;
let isLeaving = false;

/** Loads the user. `show` fills in the page, and `forget` is called before the page is left. */
export async function start({ show, forget }) {
  page = { show, forget };
  retry.addEventListener("click", load);
  logOutButton.addEventListener("click", logOut);
  session.onEnd(leave);
  // The back button can restore the page from the cache after the session has ended.
  addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return;
    content.hidden = true;
    location.reload();
  });
  await load();
}

/** Shows the user as the service has it now. */
export async function load() {
  alert.textContent = "";
  retry.hidden = true;
  if (content.hidden) status.textContent = messages.loading_account;
  try {
    page.show(await session.authorized(() => get("/api/v1/auth/me")));
    content.hidden = false;
    logOutButton.hidden = false;
  } catch (error) {
    if (isLeaving) return;
    alert.textContent = error.text ?? messages.failed;
    content.hidden = true;
    retry.hidden = false;
  } finally {
    status.textContent = "";
  }
}

/** Removes everything that the page shows of the session. */
export function clear() {
  content.remove();
  title.hidden = true;
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

/** Goes to the login. Nothing is left for the back button to show. */
function leave() {
  isLeaving = true;
  page.forget?.();
  clear();
  location.replace(loginPath(location.pathname + location.hash));
}
