// The registration page: solves the captcha in the background, registers, logs in, and asks for the
// code that confirms the address.

import { post } from "./api.js";
import { Captcha } from "./captcha.js";
import { CodeForm } from "./code-form.js";
import { Form } from "./form.js";
import { keepReturnPath, returnPath, showInstead } from "./page.js";
import * as session from "./session.js";
import * as verification from "./verification.js";

const ask = document.querySelector(".ask");
const element = ask.querySelector("form");
const verify = document.querySelector(".verify");
const later = document.getElementById("later");

keepReturnPath();
if (element) start();

function start() {
  const form = new Form(element, register);
  const needsCaptcha = element.dataset.captcha === "builtin";
  const captcha = needsCaptcha && new Captcha((text) => form.say(text));
  if (captcha) element.addEventListener("focusin", () => captcha.start(), { once: true });

  async function register(values) {
    const { verification_id } = await send(values).catch((error) => {
      // The proof may have expired while the user filled in the form. Retry once with a new one.
      if (captcha && error.code === "INVALID_CAPTCHA") return send(values);
      throw error;
    });
    await enter(values, verification_id);
  }

  async function send(values) {
    const captcha_answer = captcha ? await captcha.answer() : "";
    try {
      return await post("/api/v1/auth/register", { ...values, captcha_answer });
    } catch (error) {
      // A 422 or 429 is returned before the captcha check. Any other error has used the proof up.
      if (captcha && error.status !== 422 && error.status !== 429) captcha.renew();
      throw error;
    }
  }
}

/** Logs the new user in, and goes on once there is nothing to confirm. */
async function enter({ email, password }, registered) {
  const error = await session.begin(email, password).catch((error) => error);
  const id = error?.verificationId ?? registered;
  if (id) return askForCode({ id, email, password }, !error);
  if (error) return showInstead(ask, document.querySelector(".done"));
  location.replace(returnPath());
}

/** Asks for the code in the mail. Users who are logged in may confirm the address later. */
function askForCode({ id, email, password }, isLoggedIn) {
  verification.remember({ id, email });
  later.hidden = !isLoggedIn;
  later.querySelector("a").href = returnPath();
  new CodeForm(verify.querySelector("form"), {
    onDone: async () => {
      if (!isLoggedIn) await session.begin(email, password);
      location.replace(returnPath());
    },
  });
  showInstead(ask, verify);
}
