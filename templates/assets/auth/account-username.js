// The row with the username.

import { clearOnOpen, closeRow } from "./account-row.js";
import { patch } from "./api.js";
import { Form } from "./form.js";
import { fill, messages } from "./page.js";
import { authorized } from "./session.js";

const row = document.getElementById("username-row");

/** `changed` shows the user again. */
export function start(changed) {
  clearOnOpen(row);
  const form = new Form(row.querySelector("form"), async ({ username }) => {
    await authorized(() => patch("/api/v1/auth/me", { username }));
    await changed();
    form.reset();
    closeRow(row, fill(messages.username_changed, { username }));
  });
}
