// The verification of an email address that is pending in this tab: the mail has a link and a code.

import { post } from "./api.js";

/** The entry of the session storage, which keeps it across a reload. */
const NAME = "gatehouse.verification";

let current;

/**
 * The pending verification: its `id`, the address if the page knows it, and the id of the user who changes
 * the address.
 */
export function pending() {
  const id = new URLSearchParams(location.search).get("verification_id");
  const kept = stored();
  return id && kept?.id !== id ? { id } : kept;
}

/** Remembers the verification for which a mail has been sent. */
export function remember(verification) {
  try {
    sessionStorage.setItem(NAME, JSON.stringify(verification));
  } catch {
    // Without storage, the code can be entered until the page is reloaded.
  }
  current = verification;
}

/** Sends another mail. The answer does not tell whether there is such an account. */
export async function resend(email) {
  const { verification_id: id } = await post("/api/v1/auth/resend-verification", { email });
  remember({ id, email });
}

/** Verifies the address by the code in the mail. */
export async function complete(code) {
  await post("/api/v1/auth/verify-email", { verification_id: pending().id, code });
  forget();
}

/** Forgets the verification. */
export function forget() {
  current = undefined;
  try {
    sessionStorage.removeItem(NAME);
  } catch {
    // Without storage there is nothing to remove.
  }
}

function stored() {
  if (current) return current;
  try {
    return JSON.parse(sessionStorage.getItem(NAME)) ?? undefined;
  } catch {
    return undefined;
  }
}
