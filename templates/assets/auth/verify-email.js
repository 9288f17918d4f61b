// The verify-email page: confirms an address by the link's token, or by the code in the same mail.

import { post } from "./api.js";
import { CodeForm } from "./code-form.js";
import { Form } from "./form.js";
import { messages, showInstead } from "./page.js";
import { keepReturnPath } from "./return-path.js";
import * as verification from "./verification.js";

const [confirm, enter, ask, broken, done] = ["confirm", "enter", "ask", "broken", "done"].map((id) =>
  document.getElementById(id),
);
const token = history.state?.token;

keepReturnPath();

// A button, because programs that check mail for malware open links and run their scripts.
new Form(confirm.querySelector("form"), async () => {
  try {
    await post("/api/v1/auth/verify-email", { token });
  } catch (error) {
    if (error.code !== "INVALID_VERIFICATION_TOKEN") throw error;
    history.replaceState(null, "");
    return showInstead(confirm, broken);
  }
  history.replaceState(null, "");
  verification.forget();
  showInstead(confirm, done);
});

const codeForm = new CodeForm(enter.querySelector("form"), {
  onDone: () => showInstead(enter, done),
  askAddress: () => showInstead(enter, ask),
});

new Form(ask.querySelector("form"), async ({ email }) => {
  await verification.resend(email);
  codeForm.tell(messages.link_or_code_maybe);
  showInstead(ask, enter);
});

document.getElementById("ask-again").addEventListener("click", () => showInstead(broken, ask));

if (token) confirm.hidden = false;
else if (verification.pending()) enter.hidden = false;
else ask.hidden = false;
