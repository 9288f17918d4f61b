// The session of this browser: the refresh token is kept for all tabs, the access token only by
// this page.

import { ApiError, get, post } from "./api.js";

const KEY = "gatehouse.session";

let accessToken;

function refreshToken() {
  try {
    const token = JSON.parse(localStorage.getItem(KEY))?.refresh_token;
    return typeof token === "string" ? token : undefined;
  } catch {
    return undefined;
  }
}

function keep(tokens) {
  accessToken = tokens.access_token;
  localStorage.setItem(KEY, JSON.stringify({ refresh_token: tokens.refresh_token }));
}

/** Forgets the session, in all tabs. */
function forget() {
  accessToken = undefined;
  localStorage.removeItem(KEY);
}

/** Whether a user is logged in, as far as this browser knows. */
export function exists() {
  return Boolean(refreshToken());
}

/** Logs in. The session that was kept until then is ended. */
export async function begin(username, password) {
  const tokens = await post("/api/v1/auth/login", new URLSearchParams({ username, password }));
  await replace(() => keep(tokens));
}

/** Forgets the session and ends it, if the service takes that; there may be none. */
export function drop() {
  return replace(forget);
}

/** Logs out; where the service does not take it, the session goes on. */
export function end() {
  return alone(async () => {
    const token = refreshToken();
    if (token) await logOut(token);
    forget();
  });
}

/** GETs what only a user may see. A 401 means that the session has ended, and it is forgotten. */
export async function getProtected(path) {
  const token = accessToken ?? (await refresh());
  try {
    return await get(path, token);
  } catch (error) {
    if (!isUnauthorized(error) || token !== accessToken) throw error;
  }
  return get(path, await refresh());
}

/** Calls `listener` when the session ends in another tab. */
export function onEnd(listener) {
  addEventListener("storage", ({ key }) => {
    if ((key === KEY || key === null) && !exists()) listener();
  });
}

/** A new access token: of several tabs one refreshes after the other, each with the newest. */
function refresh() {
  return alone(async () => {
    const token = refreshToken();
    try {
      keep(await post("/api/v1/auth/refresh", { refresh_token: token ?? "" }));
    } catch (error) {
      // Another tab may have logged in anew meanwhile.
      if (isUnauthorized(error) && refreshToken() === token) forget();
      throw error;
    }
    return accessToken;
  });
}

/** Changes what is kept by `change`, and has the service end the session that was kept before. */
function replace(change) {
  return alone(() => {
    const token = refreshToken();
    change();
    // Nobody waits for it, or hears that it failed. It goes on when the page is left.
    if (token) logOut(token, { keepalive: true }).catch(() => {});
  });
}

function logOut(token, options) {
  return post("/api/v1/auth/logout", { refresh_token: token }, options);
}

/** Runs `task` while no other tab runs one. Without locks the service bears with two at once. */
function alone(task) {
  return navigator.locks ? navigator.locks.request(KEY, task) : task();
}

/** Whether an error means that nobody is logged in. */
export function isUnauthorized(error) {
  return error instanceof ApiError && error.status === 401;
}
