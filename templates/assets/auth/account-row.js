// A row of the account page, which opens to a form.

/** Closes the row and says what has happened. */
export function closeRow(details, text) {
  details.open = false;
  details.querySelector("summary").focus();
  details.nextElementSibling.textContent = text;
}

/** Clears what was said, when the row opens. */
export function clearOnOpen(details) {
  details.addEventListener("toggle", () => {
    if (details.open) details.nextElementSibling.textContent = "";
  });
}
