// A form that calls the API: one attempt at a time, messages next to their fields, input kept.

import { ApiError, NoResponse, tooManyRequests } from "./api.js";
import { fill, messages } from "./page.js";

/** The field that an error is about, by the error's code. */
const FIELDS = {
  EMAIL_TAKEN: "email",
  INCORRECT_PASSWORD: "current_password",
  INVALID_VERIFICATION_TOKEN: "code",
  USERNAME_TAKEN: "username",
};

export class Form {
  #form;
  #alert;
  #status;
  #button;
  #isBusy = false;
  #countdown;

  /** Wraps the form `element`. `submit` receives the values by field name. */
  constructor(element, submit) {
    this.#form = element;
    this.#alert = element.querySelector("[role=alert]");
    this.#status = element.querySelector("[role=status]");
    this.#button = element.querySelector("[type=submit]");
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.attempt(() => submit(Object.fromEntries(new FormData(element))));
    });
    for (const button of element.querySelectorAll(".reveal")) enableReveal(button);
    // Disabled until here: without this handler, the browser would submit the form and leave.
    this.#button.disabled = false;
  }

  input(name) {
    return this.#form.elements[name];
  }

  /** Shows a status message. */
  say(text) {
    this.#status.textContent = text;
  }

  /** Empties the fields, and removes all messages. */
  reset() {
    this.#form.reset();
    this.#clear();
  }

  /** Marks a field as invalid and shows why. */
  #refuse(name, text) {
    this.input(name).setAttribute("aria-invalid", "true");
    this.#errorOf(name).textContent = text;
  }

  /** Offers a valid value next to the field. A click fills it in and submits the form. */
  #suggest(name, suggestion) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "suggestion";
    button.textContent = fill(messages.use_suggestion, { suggestion });
    button.addEventListener("click", () => {
      this.input(name).value = suggestion;
      this.input(name).focus();
      this.#form.requestSubmit();
    });
    this.#errorOf(name).append(" ", button);
  }

  /** Focuses the first invalid field. */
  #focusRefused() {
    this.#form.querySelector("[aria-invalid]")?.focus();
  }

  #errorOf(name) {
    return document.getElementById(`${this.input(name).id}-error`);
  }

  /** Runs `task`, which may return a message, as the form's only attempt, and shows its errors. */
  async attempt(task) {
    if (this.#isBusy) return;
    this.#clear();
    this.#setBusy(true);
    try {
      const said = await task();
      if (said) this.say(said);
    } catch (error) {
      this.#show(error);
    } finally {
      this.#setBusy(false);
    }
  }

  #clear() {
    clearInterval(this.#countdown);
    this.#alert.replaceChildren();
    this.say("");
    for (const input of this.#form.querySelectorAll("[aria-invalid]")) {
      input.removeAttribute("aria-invalid");
      this.#errorOf(input.name).replaceChildren();
    }
    // Browsers offer to save a password only from a password input.
    for (const button of this.#form.querySelectorAll(".reveal")) reveal(button, false);
  }

  #setBusy(isBusy) {
    this.#isBusy = isBusy;
    // `disabled` would drop the focus.
    this.#button.setAttribute("aria-disabled", isBusy);
    this.#button.classList.toggle("busy", isBusy);
    if (isBusy) this.say(messages.busy);
    else if (this.#status.textContent === messages.busy) this.say("");
  }

  #show(error) {
    if (error instanceof ApiError && error.status === 429) {
      this.#countDown(error.retryAfter);
    } else if (error instanceof ApiError && this.#fieldOf(error)) {
      this.#showAt(this.#fieldOf(error), error);
    } else if (error instanceof ApiError && error.status === 422) {
      this.#showFields(error.fields);
    } else if (error instanceof ApiError && error.status < 500) {
      this.#alert.textContent = error.text;
    } else if (error instanceof ApiError || error instanceof NoResponse) {
      this.#alert.textContent = `${error.text} ${messages.kept}`;
    } else {
      this.#alert.textContent = error.text ?? messages.failed;
      if (error.text === undefined) console.error(error);
    }
  }

  /** The field that an error is about, if this form has it. */
  #fieldOf({ code }) {
    const name = FIELDS[code];
    return name && this.input(name) && name;
  }

  #showAt(name, { text, detail }) {
    this.#refuse(name, text);
    const suggestion = detail?.suggestion;
    if (suggestion) this.#suggest(name, suggestion);
    this.#focusRefused();
  }

  #showFields(fields) {
    const known = fields.filter(({ name }) => this.input(name));
    for (const { name, text } of known) this.#refuse(name, text);
    this.#alert.textContent = known.length ? messages.correct_fields : messages.failed;
    this.#focusRefused();
  }

  /** Shows a live countdown. Screen readers announce the wait only once. */
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

/** Makes a button toggle the visibility of the password next to it. */
function enableReveal(button) {
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
