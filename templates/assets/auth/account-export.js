// The download of everything that the service stores about the user.

import { get } from "./api.js";
import { messages } from "./page.js";
import { authorized } from "./session.js";

/** Fetches the file, so that errors are shown on the page, and hands it to the browser. */
export async function download() {
  const data = await authorized(() => get("/api/v1/auth/export"));
  const file = new Blob([JSON.stringify(data, null, 2)], { type: "application/json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = "account.json";
  link.click();
  URL.revokeObjectURL(link.href);
  return messages.downloaded;
}
