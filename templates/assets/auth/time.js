// Moments in words, in the page's language.

import { language } from "./page.js";

/** The user's variety of the page's language, such as `en-GB`. */
const LOCALE = navigator.languages.find((tag) => tag.split("-")[0] === language) ?? language;
const DAY = new Intl.DateTimeFormat(LOCALE, { dateStyle: "long" });
const MINUTE = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short" });
const RELATIVE = new Intl.RelativeTimeFormat(language, { numeric: "auto" });

/** Units of `RelativeTimeFormat`, each with its length in seconds. */
const UNITS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** The day, such as 22 November 2026. */
export function day(moment) {
  return DAY.format(new Date(moment));
}

/** The day and time, such as 22 Nov 2026, 11:46. */
export function minute(moment) {
  return MINUTE.format(new Date(moment));
}

/** The time since then, such as 5 minutes ago. */
export function ago(moment) {
  const seconds = (Date.now() - new Date(moment)) / 1000;
  const [unit, length] = UNITS.find(([, length]) => seconds >= length) ?? ["second", Infinity];
  return RELATIVE.format(-Math.trunc(seconds / length) || 0, unit);
}

/** A moment as the value of a field for a time of this device; empty without one. */
export function toLocal(moment) {
  if (!moment) return "";
  const date = new Date(moment);
  date.setMinutes(date.getMinutes() - date.getTimezoneOffset());
  return date.toISOString().slice(0, 16);
}

/** The moment in such a field; null if it is empty. */
export function toMoment(local) {
  return local ? new Date(local).toISOString() : null;
}
