// Solves challenges of the built-in captcha: proof of work in the ALTCHA protocol, version 2.

/** Bytes of the password that hold the counter. */
const COUNTER_BYTES = 4;

/**
 * Fetches a challenge and solves it.
 *
 * @param {string} path The path of the challenge endpoint.
 * @returns {Promise<string>} The `captcha_answer`.
 */
export async function solve(path) {
  if (!crypto.subtle) {
    throw new Error("The browser can solve the captcha only on pages from HTTPS or localhost.");
  }
  const response = await fetch(path, { cache: "no-store" });
  if (!response.ok) {
    throw new Error(`The service issues no challenge (${response.status}): it uses another captcha provider.`);
  }
  const { parameters, signature } = await response.json();
  const solution = await search(parameters);
  return btoa(JSON.stringify({ challenge: { parameters, signature }, solution }));
}

/** Tries counters until the derived key starts with the prefix. */
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
