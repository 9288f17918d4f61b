// The new password: chosen by the token of the link, which goes to the API and nowhere else.

import { post } from "./api.js";
import { Form } from "./form.js";
import { showInstead } from "./page.js";
import * as session from "./session.js";

const ask = document.querySelector(".ask");
const token = history.state?.token;

const showBroken = () => showInstead(ask, document.querySelector(".broken"));

if (!token) showBroken();

new Form(document.querySelector("form"), async ({ new_password }) => {
  try {
    await post("/api/v1/auth/reset-password", { token, new_password });
  } catch (error) {
    if (error.code !== "INVALID_RESET_TOKEN") throw error;
    history.replaceState(null, "");
    showBroken();
    return;
  }
  history.replaceState(null, "");
  // All sessions of the user have ended; the one that is kept may be another person's.
  await session.drop();
  showInstead(ask, document.querySelector(".done"));
});
