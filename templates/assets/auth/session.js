// This browser's session: in cookies that no script can read, and so the same in all tabs.

import { ApiError, post } from "./api.js";

/** The name of the tabs' lock and channel, and of the entry in which earlier pages kept a session. */
const NAME = "gatehouse.session";
const ENDED = "ended";
const REFRESH = "/api/v1/auth/refresh";

/** The choice of cookies in a request, as opposed to tokens for a script. */
const IN_COOKIES = { session: "cookie" };

const listeners = [];
const channel = new BroadcastChannel(NAME);

channel.addEventListener("message", ({ data }) => {
  if (data === ENDED) for (const listener of listeners) listener();
});

/** Logs in. The service ends the session that was in the cookies. */
export function begin(username, password) {
  return alone(async () => {
    const form = new URLSearchParams({ username, password, ...IN_COOKIES });
    await post("/api/v1/auth/login", form);
    channel.postMessage("began");
    const former = takeFormer();
    // Fire and forget. `keepalive` lets the request outlive the page.
    if (former) logOut(former, { keepalive: true }).catch(() => {});
  });
}

/** Ends the session, if there is one, whether or not the service can be reached. */
export async function drop() {
  await end().catch(() => {});
  takeFormer();
}

/** Logs out. On an error the session is kept. */
export function end() {
  return alone(async () => {
    await logOut();
    const former = storedByFormer();
    if (former) await logOut(former);
    takeFormer();
    channel.postMessage(ENDED);
  });
}

/**
 * Calls `request`, and once more with renewed cookies if it gets a 401. If there is no session, tells
 * the listeners of `onEnd`, and throws the 401.
 */
export async function authorized(request) {
  try {
    if (storedByFormer()) await refresh();
    return await request().catch(async (error) => {
      if (!isUnauthorized(error)) throw error;
      await refresh();
      return request();
    });
  } catch (error) {
    if (isUnauthorized(error)) for (const listener of listeners) listener();
    throw error;
  }
}

/** Changes the password. The service renews this session's cookies and ends all other sessions. */
export function changePassword(passwords) {
  const body = { ...passwords, ...IN_COOKIES };
  return authorized(() => alone(() => post("/api/v1/auth/change-password", body)));
}

/** Renews the cookies. Tabs refresh one at a time, each with the latest ones. */
export function refresh() {
  return alone(async () => {
    const isMoved = await moveFormer();
    if (!isMoved) await post(REFRESH, IN_COOKIES);
  });
}

/** Calls `listener` when the session ends in another tab, or turns out to have ended. */
export function onEnd(listener) {
  listeners.push(listener);
}

function logOut(body = IN_COOKIES, options) {
  return post("/api/v1/auth/logout", body, options);
}

/** Moves the session that earlier pages have stored into the cookies. Returns whether there was a valid one. */
async function moveFormer() {
  const former = storedByFormer();
  if (!former) return false;
  try {
    await post(REFRESH, { ...former, ...IN_COOKIES });
  } catch (error) {
    if (!isUnauthorized(error)) throw error;
    takeFormer();
    return false;
  }
  takeFormer();
  return true;
}

/** The session that earlier pages have stored, as the body of a request. */
function storedByFormer() {
  try {
    const { refresh_token } = JSON.parse(localStorage.getItem(NAME));
    return typeof refresh_token === "string" ? { refresh_token } : undefined;
  } catch {
    return undefined;
  }
}

/** Removes the session that earlier pages have stored, and returns it. */
function takeFormer() {
  const former = storedByFormer();
  try {
    localStorage.removeItem(NAME);
  } catch {
    // Without storage there is nothing to remove.
  }
  return former;
}

/** Runs `task` under a lock shared by all tabs. Without Web Locks, the service tolerates two refreshes at once. */
function alone(task) {
  return navigator.locks ? navigator.locks.request(NAME, task) : task();
}

/** Whether an error is a 401 from the API. */
export function isUnauthorized(error) {
  return error instanceof ApiError && error.status === 401;
}
