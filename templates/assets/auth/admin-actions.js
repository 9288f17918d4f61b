// The rows that change a user. Each opens to a form that says what happens to the person.

import { send } from "./admin-api.js";
import { patch, post, remove } from "./api.js";
import { Form } from "./form.js";
import { button, live } from "./listing.js";
import { fill, messages } from "./page.js";
import { toLocal, toMoment } from "./time.js";
import { roleOf } from "./user.js";

/** `root` has the rows. `changed` gets the user after a change, and `removed` after the deletion. */
export function start(root, first, { path, changed, removed }) {
  let user = first;
  const said = (name, values) => fill(messages[name], { username: user.username, ...values });

  async function change(request) {
    user = await send(request);
    changed(user);
    fillForms();
  }

  /** The forms begin with what the user has. */
  function fillForms() {
    root.querySelector("[name=account_role]").value = user.account_role;
    root.querySelector("[name=account_subscription]").value = user.account_subscription;
    root.querySelector("[name=subscription_expires_at]").value = toLocal(user.subscription_expires_at);
    root.querySelector("[data-delete]").textContent = said("delete_user");
  }

  /** Changes fields, and returns what changes them back. */
  async function update(fields) {
    const former = Object.fromEntries(Object.keys(fields).map((name) => [name, user[name]]));
    await change(() => patch(path, fields));
    return () => change(() => patch(path, former));
  }

  /** `act` returns what has happened, and how to undo it. */
  function row(name, act) {
    const details = root.querySelector(`[data-row=${name}]`);
    const message = live("status", "saved");
    message.tabIndex = -1;
    details.after(message);
    const form = new Form(withMessages(details.querySelector("form")), async (values) => {
      const { text, undo } = await act(values);
      form.reset();
      fillForms();
      details.open = false;
      tell(message, text, undo);
    });
  }

  /** Says what has happened. Only the latest change can be undone. */
  function tell(message, text, undo) {
    for (const former of root.querySelectorAll(".saved")) former.textContent = "";
    message.textContent = text;
    if (undo) message.append(" ", undoButton(message, text, undo));
    message.focus();
  }

  row("verify", async () => {
    await change(() => post(`${path}/verify-email`));
    return { text: said("address_verified") };
  });
  row("role", async ({ account_role }) => {
    const isBySetting = user.admin_by_setting;
    const undo = await update({ account_role });
    // The role that the settings hide is not known.
    return { text: said("role_changed", { role: roleOf(user) }), undo: isBySetting ? undefined : undo };
  });
  row("plan", async ({ account_subscription, subscription_expires_at: end }) => {
    const fields = { account_subscription };
    // The field has no seconds, which an end that stays must not lose.
    const isNewEnd = end !== toLocal(user.subscription_expires_at);
    if (isNewEnd) fields.subscription_expires_at = toMoment(end);
    const undo = await update(fields);
    return { text: said("plan_changed"), undo };
  });
  row("disable", async ({ reason, until }) => {
    await change(() => post(`${path}/disable`, until ? { reason, until: toMoment(until) } : { reason }));
    return { text: said("is_disabled"), undo: () => change(() => post(`${path}/enable`)) };
  });
  row("enable", async () => {
    await change(() => post(`${path}/enable`));
    return { text: said("is_enabled") };
  });
  row("reset", async () => {
    await send(() => post(`${path}/send-password-reset`));
    return { text: said("reset_sent", { email: user.email }) };
  });
  new Form(withMessages(root.querySelector("[data-row=delete] form")), async () => {
    await send(() => remove(path));
    removed(user);
  });
  fillForms();
}

/** Adds the paragraphs in which a form says what is wrong or going on. */
function withMessages(form) {
  form.querySelector("[type=submit]").before(live("alert", "notice"));
  form.append(live("status", "status"));
  return form;
}

function undoButton(message, text, undo) {
  const made = button("link", messages.undo, async () => {
    // The button is about to go.
    message.focus();
    message.textContent = messages.busy;
    try {
      await undo();
      message.textContent = messages.undone;
    } catch (error) {
      message.textContent = (error.text ?? messages.failed) || text;
      message.append(" ", made);
    }
  });
  return made;
}
