// The page behind "This wasn't me" in a mail: secures the account.

import { post } from "./api.js";
import { Form } from "./form.js";
import { showInstead } from "./page.js";
import * as session from "./session.js";

const ask = document.querySelector(".ask");
const token = history.state?.token;

const showBroken = () => showInstead(ask, document.querySelector(".broken"));

if (!token) showBroken();

// A button, because programs that check mail for malware open links and run their scripts.
new Form(ask.querySelector("form"), async () => {
  try {
    await post("/api/v1/auth/not-me", { token });
  } catch (error) {
    if (error.code !== "INVALID_NOTICE_TOKEN") throw error;
    history.replaceState(null, "");
    showBroken();
    return;
  }
  history.replaceState(null, "");
  // All sessions of the user have ended. The one in this browser may be another user's.
  await session.drop();
  showInstead(ask, document.querySelector(".done"));
});
