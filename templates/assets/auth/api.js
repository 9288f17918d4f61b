// Calls the API, and says in the page's language what went wrong.

import { fill, language, messages } from "./page.js";

/** An answer that is no success. */
export class ApiError extends Error {
  constructor(status, body, retryAfter) {
    super(body?.error_code ?? `status ${status}`);
    this.status = status;
    this.code = body?.error_code;
    this.detail = body?.detail;
    /** After how many seconds one more attempt is allowed, at a 429. */
    this.retryAfter = retryAfter;
  }

  /** What went wrong, for a person. */
  get text() {
    return messages.errors[this.code] ?? this.#textOfStatus();
  }

  #textOfStatus() {
    if (this.status === 429) return tooManyRequests(this.retryAfter);
    if (this.status === 503 || this.status === 504) return messages.unavailable;
    return messages.failed;
  }

  /** The fields that break rules, each with what is wrong with it. */
  get fields() {
    if (this.status !== 422 || !Array.isArray(this.detail)) return [];
    return this.detail.map(({ loc, msg, ctx }) => ({
      name: loc.at(-1),
      text: ruleText(ctx?.reason ?? msg.replace(/^Value error, /, "")),
    }));
  }
}

/** No answer at all. */
export class NoAnswer extends Error {
  get text() {
    return navigator.onLine ? messages.unreachable : messages.offline;
  }
}

/** POSTs JSON, or a form where `body` is a `URLSearchParams`; `options` are those of `fetch`. */
export function post(path, body, options) {
  const isForm = body instanceof URLSearchParams;
  return call(path, {
    ...options,
    method: "POST",
    body: isForm ? body : JSON.stringify(body),
    headers: isForm ? {} : { "content-type": "application/json" },
  });
}

/** GETs, as the bearer of `accessToken` where there is one. */
export function get(path, accessToken) {
  return call(path, {
    headers: accessToken ? { authorization: `Bearer ${accessToken}` } : {},
  });
}

/** What to say when too many attempts were made. */
export function tooManyRequests(seconds) {
  const format = new Intl.RelativeTimeFormat(language);
  return fill(messages.too_many_requests, { when: format.format(seconds, "second") });
}

async function call(path, options) {
  let response;
  let text;
  try {
    response = await fetch(path, { ...options, credentials: "omit", cache: "no-store" });
    text = await response.text();
  } catch (error) {
    throw new NoAnswer(`no answer from ${path}`, { cause: error });
  }
  const body = parse(text);
  if (response.ok) return body;
  const retryAfter = Number(response.headers.get("retry-after")) || 1;
  throw new ApiError(response.status, body, retryAfter);
}

/** The JSON of an answer; a proxy in between may answer something else. */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A rule in the page's language: known by the API's own words, with `{n}` for the number. */
function ruleText(rule) {
  const n = rule.match(/\d+/)?.[0];
  const translated = messages.rules[rule.replace(/\d+/, "{n}")];
  return translated ? fill(translated, { n }) : rule;
}
