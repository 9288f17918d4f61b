//! Reads and forges access tokens, and issues those of the legacy service.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::app::{App, SECRET_KEY};
use super::time::unix_now;

pub(crate) fn header(token: &str) -> Value {
    part(token, 0)
}

pub(crate) fn claims(token: &str) -> Value {
    part(token, 1)
}

fn part(token: &str, index: usize) -> Value {
    let part = token
        .split('.')
        .nth(index)
        .expect("the token has three parts");
    let json = BASE64_URL_SAFE_NO_PAD.decode(part);
    let json = json.expect("the token is base64url");
    serde_json::from_slice(&json).expect("the token contains JSON")
}

/// The claims of a legacy access token.
pub(crate) fn legacy_claims(user: &str) -> Value {
    json!({"sub": user, "exp": unix_now() + 600, "type": "access"})
}

impl App {
    /// Marks the database as adopted from the legacy service just now.
    pub(crate) fn adopt(&self) {
        self.change("INSERT INTO adoption (id, adopted_at) VALUES (1, unixepoch())");
    }
}

/// A token with these claims, signed with the tests' key as by the legacy service.
pub(crate) fn signed(claims: &Value) -> String {
    signed_with(SECRET_KEY, &json!({"alg": "HS256", "typ": "JWT"}), claims)
}

/// A token with this header and these claims, signed with HS256.
pub(crate) fn signed_with(key: &str, header: &Value, claims: &Value) -> String {
    let content = format!("{}.{}", encoded(header), encoded(claims));
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes());
    let mac = mac.expect("HMAC accepts keys of any length");
    let signature = mac.chain_update(&content).finalize().into_bytes();
    format!("{content}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

fn encoded(value: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}
