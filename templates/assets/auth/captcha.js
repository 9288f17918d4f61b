// The built-in captcha: proof of work in the ALTCHA protocol, done by its official workers.

import { get } from "./api.js";
import { messages } from "./page.js";

const WORKER = "/auth/assets/altcha-pbkdf2-worker.js";
/** More workers than that make phones hot and are hardly faster. */
const MAX_WORKERS = 4;
/** How old a proof may be when it is sent, in milliseconds: half of what the service allows. */
const MAX_AGE = 5 * 60 * 1000;
/** How long a proof is searched for, in milliseconds. */
const TIMEOUT = 90 * 1000;

// The page's policy allows scripts only from here, and this is the only one that is named by code.
const policy = globalThis.trustedTypes?.createPolicy("captcha", { createScriptURL: () => WORKER });

/** What a form says when there is no proof. */
class CaptchaError extends Error {
  constructor(text, options) {
    super(text, options);
    this.text = text;
  }
}

/** Proves to the service that registering costs something. */
export class Captcha {
  #say;
  #proof;
  #provedAt;

  /** A captcha that tells with `say` how it is getting on. */
  constructor(say) {
    this.#say = say;
  }

  /** Begins to work, unless it has begun already. */
  start() {
    if (this.#proof) return;
    const proof = this.#prove();
    this.#proof = proof;
    // A caller that waits by then learns of a failure; a later one gets a new try.
    proof.catch(() => {
      if (this.#proof === proof) this.#proof = undefined;
    });
  }

  /** The proof, for `captcha_answer`: good once. */
  async answer() {
    if (performance.now() - this.#provedAt > MAX_AGE) this.renew();
    this.start();
    return this.#proof;
  }

  /** Throws a proof away that is used up or too old, and begins with another. */
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

/** Lets several workers search at once, each its own numbers; the first to find one ends it. */
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
