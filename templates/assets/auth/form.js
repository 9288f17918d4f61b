// A form that calls the API: one attempt at a time, every message where it belongs, and nothing
// typed is lost.

import { ApiError, NoAnswer, tooManyRequests } from "./api.js";
import { messages } from "./page.js";

export class Form {
  #form;
  #alert;
  #status;
  #button;
  #isBusy = false;
  #countdown;

  /** The form at `element`; `submit` does what it is for, with the values by their names. */
  constructor(element, submit) {
    this.#form = element;
    this.#alert = element.querySelector("[role=alert]");
    this.#status = element.querySelector("[role=status]");
    this.#button = element.querySelector("[type=submit]");
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#attempt(submit);
    });
    for (const button of element.querySelectorAll(".reveal")) letReveal(button);
    // Until now the browser itself would have sent the form, and left the page.
    this.#button.disabled = false;
  }

  /** The input of a field. */
  input(name) {
    return this.#form.elements[name];
  }

  /** Says something in passing. */
  say(text) {
    this.#status.textContent = text;
  }

  /** Says what is wrong with a field. */
  refuse(name, text) {
    this.input(name).setAttribute("aria-invalid", "true");
    this.#errorOf(name).textContent = text;
  }

  /** Offers a value that would do: one click takes it, and tries again. */
  suggest(name, value, label) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "suggestion";
    button.textContent = label;
    button.addEventListener("click", () => {
      this.input(name).value = value;
      this.input(name).focus();
      this.#form.requestSubmit();
    });
    this.#errorOf(name).append(" ", button);
  }

  /** Moves to the first field that was refused. */
  focusRefused() {
    this.#form.querySelector("[aria-invalid]")?.focus();
  }

  #errorOf(name) {
    return document.getElementById(`${name}-error`);
  }

  async #attempt(submit) {
    if (this.#isBusy) return;
    this.#clear();
    this.#setBusy(true);
    try {
      await submit(Object.fromEntries(new FormData(this.#form)));
    } catch (error) {
      this.#show(error);
    } finally {
      this.#setBusy(false);
    }
  }

  #clear() {
    clearInterval(this.#countdown);
    this.#alert.replaceChildren();
    for (const input of this.#form.querySelectorAll("[aria-invalid]")) {
      input.removeAttribute("aria-invalid");
      this.#errorOf(input.name).replaceChildren();
    }
    // Only then is it a password that the browser offers to keep.
    for (const button of this.#form.querySelectorAll(".reveal")) reveal(button, false);
  }

  #setBusy(isBusy) {
    this.#isBusy = isBusy;
    // Not `disabled`, which would take the focus away.
    this.#button.setAttribute("aria-disabled", isBusy);
    this.#button.classList.toggle("busy", isBusy);
    if (isBusy) this.say(messages.busy);
    else if (this.#status.textContent === messages.busy) this.say("");
  }

  #show(error) {
    if (error instanceof ApiError && error.status === 429) {
      this.#countDown(error.retryAfter);
    } else if (error instanceof ApiError && error.status === 422) {
      this.#showFields(error.fields);
    } else if (error instanceof ApiError && error.status < 500) {
      this.#alert.textContent = error.text;
    } else if (error instanceof ApiError || error instanceof NoAnswer) {
      this.#alert.textContent = `${error.text} ${messages.kept}`;
    } else {
      this.#alert.textContent = error.text ?? messages.failed;
      if (!error.text) console.error(error);
    }
  }

  #showFields(fields) {
    const known = fields.filter(({ name }) => this.input(name));
    for (const { name, text } of known) this.refuse(name, text);
    this.#alert.textContent = known.length ? messages.correct_fields : messages.failed;
    this.focusRefused();
  }

  /** Tells a screen reader once how long to wait, and everybody else at every second. */
  #countDown(seconds) {
    const once = document.createElement("span");
    once.className = "visually-hidden";
    once.textContent = tooManyRequests(seconds);
    const ticking = document.createElement("span");
    ticking.setAttribute("aria-hidden", "true");
    ticking.textContent = once.textContent;
    this.#alert.replaceChildren(once, ticking);
    const end = Date.now() + seconds * 1000;
    this.#countdown = setInterval(() => {
      const left = Math.ceil((end - Date.now()) / 1000);
      ticking.textContent = tooManyRequests(left);
      if (left > 0) return;
      clearInterval(this.#countdown);
      this.#alert.replaceChildren();
      this.say(messages.try_again_now);
    }, 1000);
  }
}

/** Lets a button show the password beside it. */
function letReveal(button) {
  reveal(button, false);
  button.hidden = false;
  button.addEventListener("click", () => {
    reveal(button, button.previousElementSibling.type === "password");
  });
}

function reveal(button, isShown) {
  const { show, hide, showLabel, hideLabel } = button.dataset;
  button.previousElementSibling.type = isShown ? "text" : "password";
  button.textContent = isShown ? hide : show;
  button.setAttribute("aria-label", isShown ? hideLabel : showLabel);
}
