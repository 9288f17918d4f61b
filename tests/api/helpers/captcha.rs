//! Solves the built-in captcha with the official library, and signs challenges like the service.

use std::collections::BTreeMap;

use altcha::{Challenge, Payload, SolveChallengeOptions, solve_challenge};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::app::{App, SECRET_KEY, Setup};
use super::flows::registration_with;
use super::response::Response;
use super::time::unix_now;

pub(crate) const CHALLENGE: &str = "/api/v1/captcha/challenge";

/// A service with the built-in captcha at its lowest cost.
pub(crate) fn builtin_captcha() -> Setup {
    let setup = Setup::new().with("captcha_provider", "builtin");
    setup.with("captcha_cost", "1000")
}

impl App {
    /// Requests a new challenge.
    pub(crate) async fn challenge(&self) -> Value {
        self.get(CHALLENGE).await.assert_status(200).json()
    }

    /// Requests and solves a new challenge, and returns the answer.
    pub(crate) async fn captcha_answer(&self) -> String {
        encoded(&solved(&self.challenge().await))
    }

    /// Registers Tom with `answer` as captcha answer.
    pub(crate) async fn register_with_answer(&self, answer: &str) -> Response {
        let body = registration_with("captcha_answer", answer);
        self.register(&body).await
    }
}

/// Solves a challenge with the official library, and returns the payload that a widget would send.
pub(crate) fn solved(challenge: &Value) -> Value {
    let challenge: Challenge =
        serde_json::from_value(challenge.clone()).expect("a challenge that the library accepts");
    let solution = solve_challenge(SolveChallengeOptions::new(&challenge));
    let solution = solution.expect("no error in the solver");
    let solution = solution.expect("a solution");
    json!(Payload {
        challenge,
        solution
    })
}

/// Encodes a payload for the registration.
pub(crate) fn encoded(payload: &Value) -> String {
    BASE64_STANDARD.encode(payload.to_string())
}

/// A challenge with a valid signature that expires in `seconds`.
pub(crate) fn signed_challenge(seconds: i64) -> Value {
    let random = uuid::Uuid::new_v4().simple().to_string();
    let parameters = json!({
        "algorithm": "PBKDF2/SHA-256",
        "cost": 1000,
        "expiresAt": unix_now() + seconds,
        "keyLength": 32,
        "keyPrefix": "00",
        "nonce": random,
        "salt": random,
    });
    json!({"signature": signature(&parameters), "parameters": parameters})
}

/// The service's signature of a challenge's parameters.
fn signature(parameters: &Value) -> String {
    let mut key = [0; 32];
    Hkdf::<Sha256>::new(None, SECRET_KEY.as_bytes())
        .expand(b"gatehouse captcha challenge", &mut key)
        .expect("32 bytes are a valid length for HKDF-SHA256");
    let fields = parameters.as_object().expect("an object");
    let in_order: BTreeMap<_, _> = fields.iter().collect();
    let mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC accepts keys of any length");
    let code = mac.chain_update(json!(in_order).to_string()).finalize();
    let code = code.into_bytes();
    code.iter().map(|byte| format!("{byte:02x}")).collect()
}
