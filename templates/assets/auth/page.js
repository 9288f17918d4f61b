// What every page's script needs: the strings of the page's language, and where to go next.

/** The strings that scripts show. */
export const messages = JSON.parse(document.body.dataset.messages);

/** The page's language, as a tag like `en`. */
export const language = document.documentElement.lang;

const ACCOUNT = "/account";

/** Puts values in the place of `{name}` in a string. */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (placeholder, name) => values[name] ?? placeholder);
}

/**
 * Where to go after the login: the path in `return_to`, or the account. Only a path on this
 * origin will do: a link must not lead people to another site's page.
 */
export function returnPath(search = location.search) {
  const wish = new URLSearchParams(search).get("return_to") ?? "";
  // What a browser would skip or take for a slash could hide another host.
  if (!/^\/(?![/\\])[^\\\u0000-\u0020\u007f]*$/.test(wish)) return ACCOUNT;
  const { origin, pathname, search: query, hash } = new URL(wish, location.origin);
  // Without its dots, `/.//host` is another host as well.
  if (origin !== location.origin || pathname.startsWith("//")) return ACCOUNT;
  return pathname + query + hash;
}

/** Lets the links that lead on to the login, or to the registration, keep `return_to`. */
export function keepReturnPath() {
  if (!new URLSearchParams(location.search).has("return_to")) return;
  for (const link of document.querySelectorAll("a[data-keep-return-to]")) {
    link.search = new URLSearchParams({ return_to: returnPath() });
  }
}

/** Shows one section in the place of another, and tells a screen reader so. */
export function showInstead(hidden, shown) {
  hidden.hidden = true;
  shown.hidden = false;
  shown.focus();
}
