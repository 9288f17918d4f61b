// A row of the account page, which opens to a form or a list.

import { messages } from "./page.js";

/** Closes the row and says what has happened. */
export function closeRow(details, text) {
  details.open = false;
  details.querySelector("summary").focus();
  details.nextElementSibling.textContent = text;
}

/** Clears what was said, when the row opens. */
export function clearOnOpen(details) {
  details.addEventListener("toggle", () => {
    if (details.open) details.nextElementSibling.textContent = "";
  });
}

/** The contents of a row, which are loaded when it opens: a list, with a button to retry. */
export class Listing {
  #details;
  #load;

  /** `load` fills `list`. */
  constructor(details, load) {
    this.#details = details;
    this.#load = load;
    this.list = details.querySelector(".list");
    this.#part("[data-retry]").addEventListener("click", () => this.load());
    details.addEventListener("toggle", () => {
      if (details.open) this.load();
    });
  }

  /** Loads the contents. */
  load() {
    return this.attempt(this.#load, { canRetry: true });
  }

  /** Shows a status message. */
  say(text) {
    this.#part("[role=status]").textContent = text;
  }

  /** Focuses the list, so that screen readers go on there. */
  focus() {
    this.list.focus();
  }

  /** Runs `task`, which may return a message, and shows its errors. */
  async attempt(task, { canRetry = false } = {}) {
    this.#part("[role=alert]").textContent = "";
    this.#part("[data-retry]").hidden = true;
    this.say(messages.loading);
    try {
      this.say((await task()) ?? "");
    } catch (error) {
      this.say("");
      this.#part("[role=alert]").textContent = error.text ?? messages.failed;
      this.#part("[data-retry]").hidden = !canRetry;
      if (!error.text) console.error(error);
    }
  }

  #part(selector) {
    return this.#details.querySelector(selector);
  }
}

/** An element of a list: a title, with an optional badge, and lines below it. */
export function entry(title, lines, badge) {
  const item = document.createElement("li");
  const text = element("div", "");
  const heading = element("p", "entry-title", title);
  if (badge) heading.append(" ", element("span", "badge", badge));
  text.append(heading, ...lines.filter(Boolean).map((line) => element("p", "hint", line)));
  item.append(text);
  return item;
}

/** An element with a class and a text. */
export function element(name, className, text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}
