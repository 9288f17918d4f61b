//! The built-in captcha: a proof of work in the ALTCHA protocol, version 2.
//!
//! The client searches for a counter whose derived key starts with a given prefix. Issuing a
//! challenge costs one HMAC, and checking a solution costs one derivation.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use pbkdf2::pbkdf2_hmac;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use time::Duration;
use utoipa::ToSchema;

use crate::crypto::keys::{DerivedKeys, Keys};
use crate::platform::timestamp::Timestamp;

/// Lifetime of a challenge.
pub const LIFETIME: Duration = Duration::minutes(10);

/// The key derivation. Of ALTCHA's algorithms, browsers implement this one natively, which
/// minimizes the advantage of an attacker's hardware.
const ALGORITHM: &str = "PBKDF2/SHA-256";
const KEY_LENGTH: usize = 32;
/// The required prefix of the key, in hexadecimal. One key in 256 has it.
const KEY_PREFIX: &str = "00";
/// Length of a nonce and of a salt, in bytes.
const RANDOM_BYTES: usize = 16;
/// Maximum length of an answer, in bytes. The official widget sends about 600.
const MAX_ANSWER_BYTES: usize = 2048;

/// Issues challenges and checks their solutions.
#[derive(Clone)]
pub struct Challenges(DerivedKeys);

/// A challenge, with a signature that shows that this service issued it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "parameters": {
        "algorithm": "PBKDF2/SHA-256",
        "cost": 5000,
        "expiresAt": 1795348587,
        "keyLength": 32,
        "keyPrefix": "00",
        "nonce": "8f0c1d2e3b4a59687786958493a2b1c0",
        "salt": "00112233445566778899aabbccddeeff",
    },
    "signature": "0f1f4f6c0a2bbd2a5d9a2a1d4a5c3e0ab6f6b8a0c1e4d7f2a3b5c6d7e8f90a1b",
}))]
pub struct Challenge {
    /// The puzzle.
    parameters: ChallengeParameters,
    /// HMAC-SHA256 of the parameters, in hexadecimal.
    signature: String,
}

/// The puzzle: find a counter for which PBKDF2 derives a key that starts with `keyPrefix`. The
/// password is the nonce followed by the counter (4 bytes, big-endian).
// The fields are in the alphabetical order of their JSON names, as in the signed canonical JSON.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChallengeParameters {
    /// The key derivation.
    algorithm: String,
    /// Iterations of each derivation.
    cost: u32,
    /// Expiry of the challenge, in seconds since 1970 (UTC).
    expires_at: i64,
    /// Length of the derived key, in bytes.
    key_length: usize,
    /// Required prefix of the derived key, in hexadecimal.
    key_prefix: String,
    /// 16 random bytes, in hexadecimal.
    nonce: String,
    /// 16 random bytes, in hexadecimal.
    salt: String,
}

/// A challenge with a valid solution. The caller must ensure that it is used only once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SolvedChallenge {
    /// Identifies the challenge.
    pub nonce: String,
    /// The solution is rejected after this time.
    pub expires_at: Timestamp,
}

/// An ALTCHA client's answer: base64 of this JSON.
#[derive(Deserialize)]
struct Payload {
    challenge: Challenge,
    solution: Solution,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Solution {
    counter: u32,
    derived_key: String,
}

impl Challenges {
    pub fn new(keys: &Keys) -> Self {
        Self(DerivedKeys::derive(keys, "gatehouse captcha challenge"))
    }

    /// Issues a challenge. Nothing is stored, because the signature authenticates it. `cost` is the
    /// number of iterations per derivation. A solver needs 256 derivations on average.
    pub fn issue(&self, cost: u32, random: [u8; 2 * RANDOM_BYTES], now: Timestamp) -> Challenge {
        let (nonce, salt) = random.split_at(RANDOM_BYTES);
        let parameters = ChallengeParameters {
            algorithm: ALGORITHM.to_owned(),
            cost,
            expires_at: now.plus(LIFETIME).unix(),
            key_length: KEY_LENGTH,
            key_prefix: KEY_PREFIX.to_owned(),
            nonce: base16ct::lower::encode_string(nonce),
            salt: base16ct::lower::encode_string(salt),
        };
        let code = self.0.authenticate(&parameters.to_json());
        Challenge {
            parameters,
            signature: base16ct::lower::encode_string(&code),
        }
    }

    /// Returns the challenge that `answer` solves, or `None` if the answer is invalid, expired or
    /// was not issued here. The signature is checked before the costly derivation.
    pub fn verify(&self, answer: &SecretString, now: Timestamp) -> Option<SolvedChallenge> {
        let Payload {
            challenge,
            solution,
        } = Payload::read(answer.expose_secret())?;
        let parameters = challenge.parameters;
        let code = base16ct::lower::decode_vec(&challenge.signature).ok()?;
        if !self.0.verify(&parameters.to_json(), &code) {
            return None;
        }
        let expires_at = Timestamp::from_unix(parameters.expires_at)?;
        let solves = now < expires_at && solution.solves(&parameters)?;
        solves.then_some(SolvedChallenge {
            nonce: parameters.nonce,
            expires_at,
        })
    }
}

impl ChallengeParameters {
    /// Canonical JSON: no spaces, names in alphabetical order.
    fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings and numbers serialize to JSON")
    }

    /// The key for `counter`. `None` if the nonce or the salt is not hexadecimal.
    fn derive_key(&self, counter: u32) -> Option<[u8; KEY_LENGTH]> {
        let mut password = base16ct::lower::decode_vec(&self.nonce).ok()?;
        password.extend(counter.to_be_bytes());
        let salt = base16ct::lower::decode_vec(&self.salt).ok()?;
        let mut key = [0; KEY_LENGTH];
        pbkdf2_hmac::<Sha256>(&password, &salt, self.cost, &mut key);
        Some(key)
    }
}

impl Payload {
    fn read(answer: &str) -> Option<Self> {
        if answer.len() > MAX_ANSWER_BYTES {
            return None;
        }
        let json = BASE64_STANDARD.decode(answer).ok()?;
        serde_json::from_slice(&json).ok()
    }
}

impl Solution {
    /// Whether this solves `challenge`. `None` if the challenge is malformed.
    fn solves(&self, challenge: &ChallengeParameters) -> Option<bool> {
        if !self.derived_key.starts_with(&challenge.key_prefix) {
            return Some(false);
        }
        let key = challenge.derive_key(self.counter)?;
        Some(base16ct::lower::encode_string(&key) == self.derived_key)
    }
}

#[cfg(test)]
mod tests;
