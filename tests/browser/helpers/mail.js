// A stub of the mail provider: a real HTTP server with Resend's API that keeps the mails.

import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';

/** The time limit for a mail, which the service sends after its response. */
const MAIL_LIMIT_MS = 30_000;

export class MailProvider {
  #server;
  #mails = [];
  #arrivals = new EventEmitter();

  static async start() {
    const provider = new MailProvider();
    provider.#server = createServer((request, response) => provider.#receive(request, response));
    provider.#server.listen(0, '127.0.0.1');
    await once(provider.#server, 'listening');
    return provider;
  }

  /** The URL of the server. */
  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /** Waits for a mail to `address` with a link to `page`, and removes and returns the oldest. */
  async next(address, page) {
    const signal = AbortSignal.timeout(MAIL_LIMIT_MS);
    for (;;) {
      const index = this.#mails.findIndex(({ to, link }) => to.includes(address) && link?.includes(`/auth/${page}?`));
      if (index >= 0) return this.#mails.splice(index, 1)[0];
      await once(this.#arrivals, 'mail', { signal });
    }
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #receive(request, response) {
    const { to, subject, text } = await json(request);
    const link = text.match(/\bhttp\S+[?&]token=\S+/)?.[0];
    const code = text.match(/^\d{8}$|^\d{4} \d{4}$/m)?.[0];
    this.#mails.push({ to, subject, link, code });
    response.setHeader('content-type', 'application/json').end('{"id":"1"}');
    this.#arrivals.emit('mail');
  }
}
