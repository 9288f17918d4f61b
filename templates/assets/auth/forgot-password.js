// The forgot-password page: requests a reset link.

import { post } from "./api.js";
import { Form } from "./form.js";
import { showInstead } from "./page.js";

new Form(document.querySelector("form"), async ({ email }) => {
  await post("/api/v1/auth/forgot-password", { email });
  showInstead(document.querySelector(".ask"), document.querySelector(".done"));
});
