// The login page: starts a session and returns to the requested path.

import { Form } from "./form.js";
import { keepReturnPath, returnPath } from "./return-path.js";
import * as session from "./session.js";
import * as verification from "./verification.js";

keepReturnPath();

const form = new Form(document.querySelector("form"), async ({ username, password }) => {
  try {
    await session.begin(username, password);
  } catch (error) {
    if (error.code === "EMAIL_NOT_VERIFIED") return verify(error, username);
    if (session.isUnauthorized(error)) form.input("password").select();
    throw error;
  }
  location.replace(returnPath());
});

/** Goes to the page that verifies the address, which comes back here. */
function verify({ verificationId: id }, username) {
  const email = username.includes("@") ? username : undefined;
  verification.remember({ id, email });
  location.assign(`/auth/verify-email?${new URLSearchParams({ return_to: returnPath() })}`);
}
