// API client with error messages in the page's language.

import { fill, language, messages } from "./page.js";

/** A response with an error status. */
export class ApiError extends Error {
  constructor(status, body, retryAfter) {
    super(body?.error_code ?? `status ${status}`);
    this.status = status;
    this.code = body?.error_code;
    this.detail = body?.detail;
    /** The verification that a code completes, for EMAIL_NOT_VERIFIED. */
    this.verificationId = body?.verification_id;
    /** Seconds until the next allowed attempt, for a 429. */
    this.retryAfter = retryAfter;
  }

  /** The message to show. */
  get text() {
    return messages.errors[this.code] ?? this.#textOfStatus();
  }

  #textOfStatus() {
    if (this.status === 429) return tooManyRequests(this.retryAfter);
    if (this.status === 503 || this.status === 504) return messages.unavailable;
    return messages.failed;
  }

  /** The invalid fields of a 422, each with its message. */
  get fields() {
    if (this.status !== 422 || !Array.isArray(this.detail)) return [];
    return this.detail.map(({ loc, msg, ctx }) => ({
      name: loc.at(-1),
      text: ruleText(ctx?.reason ?? msg.replace(/^Value error, /, "")),
    }));
  }
}

/** The request got no response. */
export class NoResponse extends Error {
  get text() {
    return navigator.onLine ? messages.unreachable : messages.offline;
  }
}

/** POSTs a `URLSearchParams` as a form, any other body as JSON. Passes `options` to `fetch`. */
export function post(path, body, options) {
  return send("POST", path, body, options);
}

/** PATCHes a resource with JSON. */
export function patch(path, body) {
  return send("PATCH", path, body);
}

/** DELETEs a resource. */
export function remove(path) {
  return call(path, { method: "DELETE" });
}

/** GETs a resource, with the session's cookie if there is one. Passes `options` to `fetch`. */
export function get(path, options) {
  return call(path, options);
}

/** The message for a 429. */
export function tooManyRequests(seconds) {
  const format = new Intl.RelativeTimeFormat(language);
  return fill(messages.too_many_requests, { when: format.format(seconds, "second") });
}

function send(method, path, body, options) {
  const isForm = body instanceof URLSearchParams;
  return call(path, {
    ...options,
    method,
    body: isForm ? body : JSON.stringify(body),
    headers: isForm ? {} : { "content-type": "application/json" },
  });
}

async function call(path, options) {
  let response;
  let text;
  try {
    response = await fetch(path, { ...options, credentials: "same-origin", cache: "no-store" });
    text = await response.text();
  } catch (error) {
    throw new NoResponse(`no response from ${path}`, { cause: error });
  }
  const body = parse(text);
  if (response.ok) return body;
  const retryAfter = Number(response.headers.get("retry-after")) || 1;
  throw new ApiError(response.status, body, retryAfter);
}

/** Parses JSON. Returns `null` for anything else, such as a proxy's error page. */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Translates a validation message. The lookup key is the API's English text with `{n}` for its number. */
function ruleText(rule) {
  const n = rule.match(/\d+/)?.[0];
  const translated = messages.rules[rule.replace(/\d+/, "{n}")];
  return translated ? fill(translated, { n }) : rule;
}
