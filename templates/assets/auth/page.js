// Shared by all pages: translated strings, the path of the login and section switching.

/** The translated strings for scripts: those of all pages, and those of this kind of page. */
export const messages = JSON.parse(document.body.dataset.messages);
for (const [name, value] of Object.entries(JSON.parse(document.body.dataset.moreMessages))) {
  messages[name] = typeof value === "string" ? value : { ...messages[name], ...value };
}

/** The page's language tag, such as `en`. */
export const language = document.documentElement.lang;

/** Replaces each `{name}` in a string by its value. */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (placeholder, name) => values[name] ?? placeholder);
}

/** The path of the login page that leads back to `path`. */
export function loginPath(path) {
  return `/auth/login?${new URLSearchParams({ return_to: path })}`;
}

/** Replaces one section by another and focuses it, so that screen readers announce it. */
export function showInstead(hidden, shown) {
  hidden.hidden = true;
  shown.hidden = false;
  shown.focus();
}
