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
      await post("/api/v1/auth/register", await withCaptcha(values));
    } catch (error) {
      if (!showConflict(error)) throw error;
      return;
    }
    await logIn(values);
  }

  async function withCaptcha(values) {
    return { ...values, captcha_answer: captcha ? await captcha.answer() : "" };
  }

  /** Says beside the field what is taken already. */
  function showConflict(error) {
    // Whatever came of it, the captcha's answer is used up.
    if (captcha) captcha.renew();
    if (error.status !== 409) return false;
    if (error.code === "USERNAME_TAKEN") {
      const { suggestion } = error.detail;
      form.refuse("username", error.text);
      form.suggest("username", suggestion, fill(messages.use_suggestion, { suggestion }));
    } else {
      form.refuse("email", error.text);
    }
    form.focusRefused();
    return true;
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
