// The reset-password page: sends the link's token and the new password to the API.

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
  // The reset has ended all sessions of its user. The one in this browser may be another user's.
  await session.drop();
  showInstead(ask, document.querySelector(".done"));
});
