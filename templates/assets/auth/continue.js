// The page between a protected page and the login: renews the session and goes on, or goes to the login.

import { loginPath, messages } from "./page.js";
import { returnPath } from "./return-path.js";
import * as session from "./session.js";

const alert = document.querySelector("[role=alert]");
const status = document.querySelector("[role=status]");
const retry = document.getElementById("retry");

retry.addEventListener("click", goOn);
goOn();

async function goOn() {
  alert.textContent = "";
  retry.hidden = true;
  status.textContent = messages.busy;
  try {
    await session.refresh();
  } catch (error) {
    if (session.isUnauthorized(error)) return location.replace(loginPath(returnPath()));
    status.textContent = "";
    alert.textContent = error.text ?? messages.failed;
    retry.hidden = false;
    return;
  }
  location.replace(returnPath());
}
