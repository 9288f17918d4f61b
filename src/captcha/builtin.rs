//! The built-in captcha: a proof of work in the ALTCHA protocol, version 2.
//!
//! Who wants to pass searches for a counter from which a costly derivation makes a key with a
//! given beginning. To issue a challenge costs one HMAC, to check a solution one derivation.

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

/// How long a challenge is good.
pub const LIFETIME: Duration = Duration::minutes(10);

/// How a counter becomes a key. Of ALTCHA's algorithms the one that browsers derive natively, so
/// that a person's device is at the least disadvantage against an attacker's.
const ALGORITHM: &str = "PBKDF2/SHA-256";
const KEY_LENGTH: usize = 32;
/// What the key must begin with: one key in 256 does.
const KEY_PREFIX: &str = "00";
/// The length in bytes of a nonce and of a salt.
const RANDOM_BYTES: usize = 16;
/// The longest answer that is looked at, in bytes; one of the official widget has some 600.
const MAX_ANSWER_BYTES: usize = 2048;

/// Issues challenges, and checks their solutions.
#[derive(Clone)]
pub struct Challenges(DerivedKeys);

/// What has to be solved, and the proof that it was asked for here.
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
    /// What has to be solved.
    parameters: ChallengeParameters,
    /// HMAC-SHA256 of the parameters, in hexadecimal.
    signature: String,
}

/// What has to be solved: a counter so that PBKDF2 makes of the nonce with the counter behind it
/// (4 bytes, big-endian) as password and of the salt a key that begins with the prefix.
// The fields stand in the order of their JSON names, as in the canonical JSON that is signed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChallengeParameters {
    /// How a counter becomes a key.
    algorithm: String,
    /// Iterations of each derivation.
    cost: u32,
    /// Until when a solution is taken, in seconds since 1970 in UTC.
    expires_at: i64,
    /// The key's length, in bytes.
    key_length: usize,
    /// What the key must begin with, in hexadecimal.
    key_prefix: String,
    /// 16 random bytes in hexadecimal.
    nonce: String,
    /// 16 random bytes in hexadecimal.
    salt: String,
}

/// A challenge that was solved in time. That it is good once is for its keeper to see to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SolvedChallenge {
    /// What tells it from all others.
    pub nonce: String,
    /// Until when its solution would be taken again.
    pub expires_at: Timestamp,
}

/// What an ALTCHA client sends, as base64 of JSON.
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
    /// With keys that are derived from the secret keys.
    pub fn new(keys: &Keys) -> Self {
        Self(DerivedKeys::derive(keys, "gatehouse captcha challenge"))
    }

    /// A new challenge. Nothing of it is kept: the signature says that it
    /// is ours. `cost` is that of one derivation, in iterations; a solver needs 256 on average.
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

    /// The challenge that `answer` solves, or `None` if it solves none, or none of ours, or too
    /// late. What was not signed here is refused before anything costly is done for it.
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
    /// The canonical JSON: no spaces, names in alphabetical order.
    fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts and numbers can be written as JSON")
    }

    /// The key that `counter` makes; `None` if nonce or salt are not hexadecimal.
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
    /// Whether it solves a challenge of ours; `None` if that has a form that ours never have.
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
