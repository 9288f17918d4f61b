// Lists that are loaded into a page, and their elements.

import { messages } from "./page.js";

/** Thrown by a task that a later one has replaced, and that has nothing to say any more. */
export const SUPERSEDED = new Error("superseded");

/** What is loaded into a part of the page, or into a row when it opens. */
export class Listing {
  #load;
  #alert = live("alert", "notice");
  #status = live("status", "status");
  #retry = button("secondary", messages.retry, () => this.load());

  /** `load` fills `list`. */
  constructor(root, load, list = root.querySelector(".list")) {
    this.#load = load;
    this.list = list;
    this.#retry.hidden = true;
    (list.closest("table") ?? list).after(this.#alert, this.#retry, this.#status);
    root.addEventListener("toggle", () => {
      if (root.open) this.load();
    });
  }

  /** Loads the contents. */
  load() {
    return this.attempt(this.#load, { canRetry: true });
  }

  /** Focuses the list, so that screen readers go on there. */
  focus() {
    this.list.focus();
  }

  /** Runs `task`, which may return a message, and shows its errors. */
  async attempt(task, { canRetry = false } = {}) {
    this.#alert.textContent = "";
    this.#retry.hidden = true;
    this.#say(messages.loading, true);
    try {
      this.#say((await task()) ?? "");
    } catch (error) {
      if (error === SUPERSEDED) return;
      this.#say("");
      this.#alert.textContent = error.text ?? messages.failed;
      this.#retry.hidden = !canRetry;
      if (error.text === undefined) console.error(error);
    }
  }

  #say(text, isBusy = false) {
    this.#status.textContent = text;
    this.list.ariaBusy = isBusy;
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

/** A paragraph whose changes screen readers announce. */
export function live(role, className) {
  const paragraph = element("p", className);
  paragraph.setAttribute("role", role);
  return paragraph;
}

/** A button with a class and a text. */
export function button(className, text, onClick) {
  const made = element("button", className, text);
  made.type = "button";
  made.addEventListener("click", onClick);
  return made;
}
