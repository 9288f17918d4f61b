// The path that `return_to` names, for the pages on the way to it.

const ACCOUNT = "/account";

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

/** Passes `return_to` on to the links between login and registration. */
export function keepReturnPath() {
  if (!new URLSearchParams(location.search).has("return_to")) return;
  for (const link of document.querySelectorAll("a[data-keep-return-to]")) {
    link.search = new URLSearchParams({ return_to: returnPath() });
  }
}
