// A list that comes from the API in pages.

import { get } from "./api.js";
import { button, Listing, SUPERSEDED } from "./listing.js";
import { messages } from "./page.js";
import { authorized } from "./session.js";

export class Paged extends Listing {
  #source;
  #more;
  #params;
  #cursor;
  #controller;

  /**
   * `source` has the `path` of the pages, `item`, which makes an element, and `tell`, which says how many
   * there are. `query` returns the parameters, and `send` sends the request.
   */
  constructor(root, source) {
    super(root, () => this.#replace());
    this.#source = { query: () => ({}), send: authorized, ...source };
    this.#more = button("secondary", messages.more, () => this.attempt(() => this.#append()));
    this.#more.hidden = true;
    (this.list.closest("table") ?? this.list).after(this.#more);
  }

  async #replace() {
    try {
      const items = await this.#next(async () => new URLSearchParams(await this.#source.query()));
      this.list.replaceChildren(...items);
    } catch (error) {
      if (error !== SUPERSEDED) this.#empty();
      throw error;
    }
    return this.#tell();
  }

  async #append() {
    const items = await this.#next(() => this.#params, this.#cursor);
    this.list.append(...items);
    // The last page can be empty, and the button that had the focus is gone then.
    (items[0] ?? this.list.lastElementChild).focus();
    return this.#tell();
  }

  #empty() {
    this.list.replaceChildren();
    this.#more.hidden = true;
  }

  #tell() {
    return this.#source.tell(this.list.children.length);
  }

  /** The elements of the next page that is not empty. The latest call cancels those before. */
  async #next(query, cursor) {
    this.#controller?.abort();
    const { signal } = (this.#controller = new AbortController());
    try {
      const params = await query();
      const page = await this.#fetch(params, cursor, signal);
      this.#params = params;
      this.#cursor = page.next_cursor;
      this.#more.hidden = !page.next_cursor;
      return page.items.map((item) => this.#element(item));
    } catch (error) {
      throw signal.aborted ? SUPERSEDED : error;
    }
  }

  async #fetch(params, cursor, signal) {
    const { path, send } = this.#source;
    for (;;) {
      if (cursor) params.set("cursor", cursor);
      const address = String(params) ? `${path}?${params}` : path;
      const page = await send(() => get(address, { signal }));
      if (page.items.length || !page.next_cursor) return page;
      cursor = page.next_cursor;
    }
  }

  #element(item) {
    const element = this.#source.item(item);
    element.tabIndex = -1;
    return element;
  }
}
