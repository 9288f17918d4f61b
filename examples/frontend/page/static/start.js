// Loads the WebAssembly and runs it.

import init from "./page.js";

init().catch((error) => {
  console.error(error);
  document.getElementById("problem").textContent =
    "This page could not be loaded. Reload it, or use a newer browser.";
});
