// The row that changes the password.

import { clearOnOpen, closeRow } from "./account-row.js";
import { Form } from "./form.js";
import { messages } from "./page.js";
import { changePassword } from "./session.js";

const row = document.getElementById("password-row");
const element = row.querySelector("form");

export function start() {
  clearOnOpen(row);
  const form = new Form(element, async ({ current_password, new_password }) => {
    await changePassword({ current_password, new_password });
    form.reset();
    closeRow(row, messages.password_changed);
  });
}

/** Tells password managers whose password it is. */
export function show({ username }) {
  element.querySelector("[autocomplete=username]").value = username;
}
