// The row with the email address: verifies it, or changes it once the new one is verified.

import { clearOnOpen, closeRow } from "./account-row.js";
import { post } from "./api.js";
import { CodeForm } from "./code-form.js";
import { Form } from "./form.js";
import { messages, showInstead } from "./page.js";
import { authorized } from "./session.js";
import * as verification from "./verification.js";

const byId = (id) => document.getElementById(id);
const row = byId("email-row");
const ask = byId("ask-email");
const code = byId("email-code");
let me;
let codeForm;

/** `changed` shows the user again. */
export function start(changed) {
  clearOnOpen(row);
  new Form(byId("verify"), async () => {
    await verification.resend(me.email);
    askForCode();
  });
  const change = new Form(byId("change-email"), async (values) => {
    await requestChange(values);
    change.reset();
    askForCode();
  });
  codeForm = new CodeForm(code.querySelector("form"), {
    onDone: async () => {
      await changed();
      closeRow(row, messages.email_verified);
    },
  });
  byId("other-email").addEventListener("click", () => {
    verification.forget();
    showInstead(code, ask);
    change.input("new_email").focus();
  });
  // The link in the mail opens in another tab.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !code.hidden) changed();
  });
}

async function requestChange(values) {
  const { verification_id: id } = await authorized(() => post("/api/v1/auth/change-email", values));
  verification.remember({ id, email: values.new_email, user: me.id });
}

function askForCode() {
  showCode();
  code.focus();
}

/** Shows whether the address is verified, or the form for the code that has been sent. */
export function show(user) {
  me = user;
  const isMissing = !me.email_verified && row.dataset.verification !== "off";
  byId("verified").hidden = !me.email_verified;
  byId("unverified").hidden = !isMissing;
  byId("verify").hidden = !isMissing;
  if (isPending()) return showCode();
  ask.hidden = false;
  code.hidden = true;
}

/** Whether a code for this user is awaited. */
function isPending() {
  const { email, user } = verification.pending() ?? {};
  if (email === me.email) return !me.email_verified;
  return user === me.id;
}

function showCode() {
  const isChange = verification.pending().email !== me.email;
  // To send a change again takes the password.
  code.querySelector("[data-resend]").hidden = isChange;
  byId("other-email").hidden = !isChange;
  codeForm.reset();
  codeForm.tell();
  ask.hidden = true;
  code.hidden = false;
}
