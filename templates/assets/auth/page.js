// Shared by all pages: translated strings, the return path and section switching.

/** The translated strings for scripts. */
export const messages = JSON.parse(document.body.dataset.messages);

/** The page's language tag, such as `en`. */
export const language = document.documentElement.lang;

const ACCOUNT = "/account";

/** Replaces each `{name}` in a string by its value. */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (placeholder, name) => values[name] ?? placeholder);
}

/**
 * The path to go to after the login: `return_to`, or the account page. Accepts only paths on this
 * origin, which prevents open redirects.
 */
export function returnPath(search = location.search) {
  const requested = new URLSearchParams(search).get("return_to") ?? "";
  // Browsers strip control characters and treat `\` as `/`, which could hide another host.
  if (!/^\/(?![/\\])[^\\\u0000-\u0020\u007f]*$/.test(requested)) return ACCOUNT;
  const { origin, pathname, search: query, hash } = new URL(requested, location.origin);
  // URL parsing turns `/.//host` into `//host`, another host.
  if (origin !== location.origin || pathname.startsWith("//")) return ACCOUNT;
  return pathname + query + hash;
}

/** The path of the login page that leads back to `path`. */
export function loginPath(path) {
  return `/auth/login?${new URLSearchParams({ return_to: path })}`;
}

/** Passes `return_to` on to the links between login and registration. */
export function keepReturnPath() {
  if (!new URLSearchParams(location.search).has("return_to")) return;
  for (const link of document.querySelectorAll("a[data-keep-return-to]")) {
    link.search = new URLSearchParams({ return_to: returnPath() });
  }
}

/** Replaces one section by another and focuses it, so that screen readers announce it. */
export function showInstead(hidden, shown) {
  hidden.hidden = true;
  shown.hidden = false;
  shown.focus();
}
