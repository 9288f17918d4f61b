// The forgotten password: asks for a link by mail.

import { post } from "./api.js";
import { Form } from "./form.js";
import { showInstead } from "./page.js";

new Form(document.querySelector("form"), async ({ email }) => {
  await post("/api/v1/auth/forgot-password", { email });
  showInstead(document.querySelector(".ask"), document.querySelector(".done"));
});
