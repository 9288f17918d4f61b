// The account page: shows the logged-in user. Each row that opens has a script of its own.

import * as deletion from "./account-delete.js";
import * as email from "./account-email.js";
import * as events from "./account-events.js";
import { download } from "./account-export.js";
import * as password from "./account-password.js";
import * as sessions from "./account-sessions.js";
import * as username from "./account-username.js";
import { Form } from "./form.js";
import * as frame from "./frame.js";
import { day } from "./time.js";
import { roleOf, subscriptionOf } from "./user.js";
import * as verification from "./verification.js";

username.start(frame.load);
email.start(frame.load);
password.start();
sessions.start();
events.start();
new Form(document.getElementById("export"), download);
deletion.start(frame.clear);
await frame.start({ show, forget: verification.forget });
openLinkedRow();

function show(me) {
  const facts = {
    username: me.username,
    email: me.email,
    created_at: day(me.created_at),
    role: roleOf(me),
    subscription: subscriptionOf(me),
  };
  for (const [name, text] of Object.entries(facts)) {
    document.getElementById(name).textContent = text;
  }
  email.show(me);
  password.show(me);
  document.getElementById("administration").hidden = me.account_role !== "ADMIN";
}

/** Opens the row that the URL names, such as `#sessions-row`. */
function openLinkedRow() {
  const row = location.hash && document.getElementById(location.hash.slice(1));
  if (!(row instanceof HTMLDetailsElement)) return;
  row.open = true;
  row.scrollIntoView();
}
