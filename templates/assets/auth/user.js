// What a user is and has, in words.

import { fill, messages } from "./page.js";
import { day } from "./time.js";

/** Such as Administrator. */
export function roleOf({ account_role: role }) {
  return messages.roles[role] ?? role;
}

/** Such as Pro, until 22 November 2026. */
export function subscriptionOf({ account_subscription: name, subscription_expires_at: end }) {
  const subscription = messages.subscriptions[name] ?? name;
  return end ? fill(messages.until, { subscription, date: day(end) }) : subscription;
}
