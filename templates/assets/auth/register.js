// The registration: solves the captcha while the form is filled in, registers, and logs in.

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
        // The answer may have grown old while the form was filled in: once more with a new one.
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
      // Unless the service did not come as far as the captcha, its answer is used up.
      if (captcha && error.status !== 422 && error.status !== 429) captcha.renew();
      throw error;
    }
  }

  /** Says beside the field what is taken already. */
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

  /** Goes on as the new user; where the login does not work just now, offers it for later. */
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
