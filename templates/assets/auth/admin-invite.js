// The dialog that invites a user.

import { send, USERS } from "./admin-api.js";
import { post } from "./api.js";
import { Form } from "./form.js";

const dialog = document.getElementById("invite");

/** `invited` gets the new user. */
export function start(invited) {
  const form = new Form(dialog.querySelector("form"), async ({ email, username }) => {
    const user = await send(() => post(USERS, username ? { email, username } : { email }));
    dialog.close();
    invited(user);
  });
  document.getElementById("open-invite").addEventListener("click", () => {
    form.reset();
    dialog.showModal();
  });
}
