// Lists that are loaded into a page, and their elements.

import { messages } from "./page.js";

/** Thrown by a task that a later one has replaced, and that has nothing to say any more. */
export const SUPERSEDED = new Error("superseded");

/** What is loaded into a part of the page, or into a row when it opens: a list, with a button to retry. */
export class Listing {
  #root;
  #load;

  /** `load` fills `list`. */
  constructor(root, load) {
    this.#root = root;
    this.#load = load;
    this.list = root.querySelector(".list");
    this.#part("[data-retry]").addEventListener("click", () => this.load());
    root.addEventListener("toggle", () => {
      if (root.open) this.load();
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
      if (error === SUPERSEDED) return;
      this.say("");
      this.#part("[role=alert]").textContent = error.text ?? messages.failed;
      this.#part("[data-retry]").hidden = !canRetry;
      if (error.text === undefined) console.error(error);
    }
  }

  #part(selector) {
    return this.#root.querySelector(selector);
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

/** An element with a class and a text, or another element. */
export function element(name, className, content = "") {
  const made = document.createElement(name);
  made.className = className;
  made.append(content);
  return made;
}
