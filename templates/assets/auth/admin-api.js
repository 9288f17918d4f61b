// Requests of an administrator. What cannot be undone asks for the password if the login was long ago.

import { ApiError } from "./api.js";
import { Form } from "./form.js";
import { authorized, begin, isUnauthorized } from "./session.js";

export const USERS = "/api/v1/admin/users";
export const EVENTS = "/api/v1/admin/events";

const dialog = document.getElementById("confirm");
let email;
let form;
let deny;

/** What the person did not go on with. There is nothing to say about it. */
class Cancelled extends Error {
  text = "";
}

/** `me` is the administrator. `denied` is called when they are none any more. */
export function start(me, denied) {
  email = me.email;
  deny = denied;
  form = new Form(dialog.querySelector("form"), logInAgain);
}

/** Sends `request`, and once more after the password if the service asks for it. */
export async function send(request) {
  try {
    return await authorized(request);
  } catch (error) {
    if (error.code === "FORBIDDEN") deny();
    if (error.code !== "REAUTHENTICATION_REQUIRED") throw error;
  }
  await askForPassword();
  return authorized(request);
}

/** Resolves after a login, and throws if the dialog is closed before. */
function askForPassword() {
  form.reset();
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve, reject) => {
    const settle = () => (dialog.returnValue ? resolve() : reject(new Cancelled()));
    dialog.addEventListener("close", settle, { once: true });
  });
}

async function logInAgain({ current_password }) {
  try {
    await begin(email, current_password);
  } catch (error) {
    throw isUnauthorized(error) ? new ApiError(403, { error_code: "INCORRECT_PASSWORD" }) : error;
  }
  dialog.close("done");
}
