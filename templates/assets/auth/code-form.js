// The form for the code that verifies an email address.

import { Form } from "./form.js";
import { fill, messages } from "./page.js";
import * as verification from "./verification.js";

export class CodeForm extends Form {
  #sent;

  /**
   * Wraps the form `element`. Calls `onDone` after the verification, and `askAddress` for another mail if
   * the page does not know the address.
   */
  constructor(element, { onDone, askAddress }) {
    super(element, async ({ code }) => {
      await verification.complete(digits(code));
      await onDone();
    });
    this.#sent = element.querySelector(".sent");
    element.querySelector("[data-resend]").addEventListener("click", () => {
      const email = verification.pending()?.email;
      if (!email) return askAddress();
      this.attempt(async () => {
        await verification.resend(email);
        return messages.sent_again;
      });
    });
    this.tell();
  }

  /** Says where the mail went. */
  tell(text = messages.link_or_code) {
    const email = verification.pending()?.email;
    this.#sent.textContent = email ? fill(text, { email }) : messages.link_or_code_to_you;
  }
}

/** The code without what people copy with it. */
function digits(code) {
  return code.replaceAll(/\D/g, "");
}
