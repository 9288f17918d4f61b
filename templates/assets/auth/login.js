// The login page: starts a session and returns to the requested path.

import { Form } from "./form.js";
import { keepReturnPath, returnPath } from "./page.js";
import * as session from "./session.js";

keepReturnPath();

const form = new Form(document.querySelector("form"), async ({ username, password }) => {
  try {
    await session.begin(username, password);
  } catch (error) {
    if (session.isUnauthorized(error)) form.input("password").select();
    throw error;
  }
  location.replace(returnPath());
});
