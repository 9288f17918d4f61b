// The filters of a list, which the URL keeps.

/** The pause after the last key before a search, in milliseconds. */
const PAUSE = 250;

export class Filters {
  #form;
  #changed;
  #applied;
  #timer;

  /** Calls `changed` with the values whenever they change. */
  constructor(form, changed) {
    this.#form = form;
    this.#changed = changed;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#apply();
    });
    form.addEventListener("input", ({ target }) => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#applyChange(), target.localName === "select" ? 0 : PAUSE);
    });
  }

  /** The values that are not empty. */
  get values() {
    const values = [...new FormData(this.#form)].map(([name, value]) => [name, value.trim()]);
    return new URLSearchParams(values.filter(([, value]) => value));
  }

  /** Fills in the values. Returns whether they differ from those that were applied last. */
  fill(params) {
    for (const field of this.#form.elements) {
      if (field.name) field.value = params.get(field.name) ?? "";
    }
    const isNew = String(this.values) !== this.#applied;
    this.#applied = String(this.values);
    return isNew;
  }

  #applyChange() {
    if (String(this.values) !== this.#applied) this.#apply();
  }

  #apply() {
    clearTimeout(this.#timer);
    this.#applied = String(this.values);
    this.#changed(this.values);
  }
}
