//! Issues tokens like the service, because logging in once per session would take too long.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The secret key of the benchmarked service.
pub const SECRET_KEY: &str = "a secret key of the benchmark, 44 bytes long";
/// The lifetime of an access token, in seconds; longer than the benchmark takes.
const LIFETIME: u64 = 24 * 3600;

/// An access token that the service accepts.
pub fn access_token(user: Uuid, session: Uuid, now: u64) -> String {
    let header = json!({"alg": "HS256", "typ": "JWT"});
    let claims = json!({
        "iat": now,
        "exp": now + LIFETIME,
        "iss": "gatehouse",
        "sub": user,
        "jti": session,
        "type": "access",
        "sid": session,
        "role": "REGULAR",
    });
    let part = |value: &serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let content = format!("{}.{}", part(&header), part(&claims));
    let signature = authenticate(SECRET_KEY.as_bytes(), content.as_bytes());
    format!("{content}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

/// The first refresh token of a session.
pub fn refresh_token(session: Uuid) -> String {
    let key = derived_key(b"gatehouse refresh token");
    let mut token = session.as_bytes().to_vec();
    token.extend(0_u64.to_be_bytes());
    token.extend(authenticate(&key, &token));
    BASE64_URL_SAFE_NO_PAD.encode(token)
}

/// The reset token with this id.
pub fn reset_token(id: Uuid) -> String {
    let key = derived_key(b"gatehouse reset token");
    BASE64_URL_SAFE_NO_PAD.encode(authenticate(&key, id.as_bytes()))
}

fn derived_key(purpose: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    Hkdf::<Sha256>::new(None, SECRET_KEY.as_bytes())
        .expand(purpose, &mut key)
        .expect("32 bytes are within what HKDF-SHA256 can give");
    key
}

/// The hash of a reset token, as the database stores it.
pub fn reset_token_hash(token: &str) -> String {
    Sha256::digest(token.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn authenticate(key: &[u8], message: &[u8]) -> [u8; 32] {
    Hmac::<Sha256>::new_from_slice(key)
        .expect("HMAC takes keys of any length")
        .chain_update(message)
        .finalize()
        .into_bytes()
        .into()
}
