// This browser's session: all tabs share the refresh token, and each page keeps its own access
// token in memory.

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

/** Removes the session from all tabs. */
function forget() {
  accessToken = undefined;
  localStorage.removeItem(KEY);
}

/** Whether this browser has a session, which may have expired. */
export function exists() {
  return Boolean(refreshToken());
}

/** Logs in and ends the previous session. */
export async function begin(username, password) {
  const tokens = await post("/api/v1/auth/login", new URLSearchParams({ username, password }));
  await replace(() => keep(tokens));
}

/** Removes the session, if there is one, and asks the service to end it. */
export function drop() {
  return replace(forget);
}

/** Logs out. On an error the session is kept. */
export function end() {
  return alone(async () => {
    const token = refreshToken();
    if (token) await logOut(token);
    forget();
  });
}

/** GETs a protected resource. A 401 after a refresh means that the session has ended. */
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

/** Gets a new access token. Tabs refresh one at a time, each with the latest refresh token. */
function refresh() {
  return alone(async () => {
    const token = refreshToken();
    try {
      keep(await post("/api/v1/auth/refresh", { refresh_token: token ?? "" }));
    } catch (error) {
      // Another tab may have logged in again in the meantime.
      if (isUnauthorized(error) && refreshToken() === token) forget();
      throw error;
    }
    return accessToken;
  });
}

/** Applies `change` to the stored session and ends the previous one on the service. */
function replace(change) {
  return alone(() => {
    const token = refreshToken();
    change();
    // Fire and forget. `keepalive` lets the request outlive the page.
    if (token) logOut(token, { keepalive: true }).catch(() => {});
  });
}

function logOut(token, options) {
  return post("/api/v1/auth/logout", { refresh_token: token }, options);
}

/** Runs `task` under a lock shared by all tabs. Without Web Locks, the service tolerates two refreshes at once. */
function alone(task) {
  return navigator.locks ? navigator.locks.request(KEY, task) : task();
}

/** Whether an error is a 401 from the API. */
export function isUnauthorized(error) {
  return error instanceof ApiError && error.status === 401;
}
