// Solves the challenge of the built-in captcha: a proof of work in the ALTCHA protocol, version 2.

/** How many bytes of the password count the attempts. */
const COUNTER_BYTES = 4;

/**
 * Asks for a challenge and solves it.
 *
 * @param {string} path Where the challenge is to be had.
 * @returns {Promise<string>} The `captcha_answer`.
 */
export async function solve(path) {
  if (!crypto.subtle) {
    throw new Error("The browser computes this on pages by https or from localhost only.");
  }
  const response = await fetch(path, { cache: "no-store" });
  if (!response.ok) {
    throw new Error(`The service gives no challenge (${response.status}): it asks another captcha.`);
  }
  const { parameters, signature } = await response.json();
  const solution = await search(parameters);
  return btoa(JSON.stringify({ challenge: { parameters, signature }, solution }));
}

/** Counts up until the key that is derived with the counter begins with the prefix. */
async function search(parameters) {
  const nonce = bytes(parameters.nonce);
  const password = new Uint8Array(nonce.length + COUNTER_BYTES);
  password.set(nonce);
  const view = new DataView(password.buffer);
  for (let counter = 0; ; counter += 1) {
    view.setUint32(nonce.length, counter);
    const derivedKey = await derive(parameters, password);
    if (derivedKey.startsWith(parameters.keyPrefix)) {
      return { counter, derivedKey };
    }
  }
}

async function derive({ algorithm, salt, cost, keyLength = 32 }, password) {
  const [name, hash] = algorithm.split("/");
  const key = await crypto.subtle.importKey("raw", password, name, false, ["deriveBits"]);
  const derivation = { name, hash, salt: bytes(salt), iterations: cost };
  return hex(await crypto.subtle.deriveBits(derivation, key, keyLength * 8));
}

function bytes(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function hex(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
