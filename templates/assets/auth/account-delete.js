// The row that deletes the account.

import { post } from "./api.js";
import { Form } from "./form.js";
import { fill, messages } from "./page.js";
import { authorized, drop } from "./session.js";
import { day } from "./time.js";

const done = document.getElementById("deleted");

/** `clear` removes the account from the page. */
export function start(clear) {
  new Form(document.querySelector("#delete-row form"), async ({ current_password }) => {
    const { deletes_at } = await authorized(() => post("/api/v1/auth/delete-account", { current_password }));
    clear();
    done.querySelector("p").textContent = farewell(deletes_at);
    done.hidden = false;
    done.focus();
    await drop();
  });
}

/** Without a grace period, the account is deleted at once. */
function farewell(deletesAt) {
  const isLater = new Date(deletesAt) > new Date();
  return isLater ? fill(messages.deletes_on, { date: day(deletesAt) }) : messages.deleted;
}
