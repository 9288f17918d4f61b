// Solves the built-in captcha, an ALTCHA proof of work, in ALTCHA's official web workers.

import { get } from "./api.js";
import { messages } from "./page.js";

const WORKER = "/auth/assets/altcha-pbkdf2-worker.js";
/** More workers heat phones up and gain little speed. */
const MAX_WORKERS = 4;
/** Maximum age of a proof at submission, in milliseconds: half of what the service allows. */
const MAX_AGE = 5 * 60 * 1000;
/** Time limit for the search, in milliseconds. */
const TIMEOUT = 90 * 1000;

// Trusted Types: this worker is the only script URL that the page creates at runtime.
const policy = globalThis.trustedTypes?.createPolicy("captcha", { createScriptURL: () => WORKER });

/** No proof could be produced. A form shows `text`. */
class CaptchaError extends Error {
  constructor(text, options) {
    super(text, options);
    this.text = text;
  }
}

/** Produces proofs of work for the registration form. */
export class Captcha {
  #say;
  #proof;
  #provedAt;

  /** `say` shows progress messages. */
  constructor(say) {
    this.#say = say;
  }

  /** Starts the search, unless one is running or done. */
  start() {
    if (this.#proof) return;
    const proof = this.#prove();
    this.#proof = proof;
    // Callers that already wait see the failure. The next call starts a new search.
    proof.catch(() => {
      if (this.#proof === proof) this.#proof = undefined;
    });
  }

  /** The proof for `captcha_answer`. The service accepts it once. */
  async answer() {
    if (performance.now() - this.#provedAt > MAX_AGE) this.renew();
    this.start();
    return this.#proof;
  }

  /** Discards a used or stale proof and starts the next search. */
  renew() {
    this.#proof = undefined;
    this.#provedAt = undefined;
    this.start();
  }

  async #prove() {
    if (!isSecureContext) throw new CaptchaError(messages.captcha_insecure);
    this.#say(messages.captcha_working);
    try {
      const { parameters, signature } = await get("/api/v1/captcha/challenge");
      const challenge = { parameters, signature };
      const solution = await solve(challenge);
      this.#provedAt = performance.now();
      this.#say(messages.captcha_done);
      return btoa(JSON.stringify({ challenge, solution }));
    } catch (error) {
      this.#say("");
      throw error;
    }
  }
}

/** Searches with several workers, each on its own counters. The first solution wins. */
async function solve(challenge) {
  const count = Math.min(MAX_WORKERS, navigator.hardwareConcurrency || 1);
  const workers = Array.from({ length: count }, () => {
    return new Worker(policy ? policy.createScriptURL("") : WORKER);
  });
  try {
    const solution = await Promise.race(
      workers.map((worker, start) => search(worker, challenge, start, count)),
    );
    if (!solution) throw new CaptchaError(messages.captcha_failed);
    return solution;
  } finally {
    for (const worker of workers) worker.terminate();
  }
}

function search(worker, challenge, counterStart, counterStep) {
  return new Promise((resolve, reject) => {
    const fail = (cause) => reject(new CaptchaError(messages.captcha_failed, { cause }));
    worker.addEventListener("error", fail);
    worker.addEventListener("message", ({ data }) => (data?.error ? fail(data.error) : resolve(data)));
    worker.postMessage({
      type: "work",
      challenge,
      counterMode: "uint32",
      counterStart,
      counterStep,
      timeout: TIMEOUT,
    });
  });
}
