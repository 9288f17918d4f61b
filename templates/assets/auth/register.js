// The registration page: solves the captcha in the background, registers, logs in, and asks for the
// code that verifies the address.

import { post } from "./api.js";
import { Captcha } from "./captcha.js";
import { CodeForm } from "./code-form.js";
import { Form } from "./form.js";
import { showInstead } from "./page.js";
import { keepReturnPath, returnPath } from "./return-path.js";
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

/** Logs the new user in, unless the address has to be verified first. `id` is its verification. */
async function enter(user, id) {
  const mustVerify = verify.dataset.verification === "required";
  const isLoggedIn = !mustVerify && (await logIn(user));
  if (id) askForCode(user, id, isLoggedIn);
  else goOn(ask, isLoggedIn);
}

/** Asks for the code in the mail. Users who are logged in may verify the address later. */
function askForCode(user, id, isLoggedIn) {
  verification.remember({ id, email: user.email });
  later.hidden = !isLoggedIn;
  later.querySelector("a").href = returnPath();
  new CodeForm(verify.querySelector("form"), {
    onDone: async () => goOn(verify, isLoggedIn || (await logIn(user))),
  });
  showInstead(ask, verify);
}

/** Goes to the requested path, or shows a link to the login page if the login has failed. */
function goOn(section, isLoggedIn) {
  if (isLoggedIn) location.replace(returnPath());
  else showInstead(section, document.querySelector(".done"));
}

function logIn({ email, password }) {
  return session.begin(email, password).then(
    () => true,
    () => false,
  );
}
