// The registration page: solves the captcha in the background, registers and logs in.

import { post } from "./api.js";
import { Captcha } from "./captcha.js";
import { Form } from "./form.js";
import { fill, keepReturnPath, messages, returnPath, showInstead } from "./page.js";
import * as session from "./session.js";

const element = document.querySelector("form");

keepReturnPath();
if (element) start();

function start() {
  const form = new Form(element, register);
  const needsCaptcha = element.dataset.captcha === "builtin";
  const captcha = needsCaptcha && new Captcha((text) => form.say(text));
  if (captcha) element.addEventListener("focusin", () => captcha.start(), { once: true });

  async function register(values) {
    try {
      await send(values).catch((error) => {
        // The proof may have expired while the user filled in the form. Retry once with a new one.
        if (captcha && error.code === "INVALID_CAPTCHA") return send(values);
        throw error;
      });
    } catch (error) {
      if (error.status !== 409) throw error;
      showConflict(error);
      return;
    }
    await logIn(values);
  }

  async function send(values) {
    const captcha_answer = captcha ? await captcha.answer() : "";
    try {
      await post("/api/v1/auth/register", { ...values, captcha_answer });
    } catch (error) {
      // A 422 or 429 is returned before the captcha check. Any other error has used the proof up.
      if (captcha && error.status !== 422 && error.status !== 429) captcha.renew();
      throw error;
    }
  }

  /** Shows the 409 next to the taken field. */
  function showConflict(error) {
    if (error.code === "USERNAME_TAKEN") {
      const { suggestion } = error.detail;
      form.refuse("username", error.text);
      form.suggest("username", suggestion, fill(messages.use_suggestion, { suggestion }));
    } else {
      form.refuse("email", error.text);
    }
    form.focusRefused();
  }

  /** Logs the new user in. If that fails, shows a link to the login page. */
  async function logIn({ email, password }) {
    try {
      await session.begin(email, password);
    } catch {
      showInstead(element, document.querySelector(".done"));
      return;
    }
    location.replace(returnPath());
  }
}
