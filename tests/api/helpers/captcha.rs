//! The built-in captcha from outside: solved by the official library, and signed as it signs.

use std::collections::BTreeMap;

use altcha::{Challenge, Payload, SolveChallengeOptions, solve_challenge};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::answer::Answer;
use super::app::{App, SECRET_KEY, Setup};
use super::flows::registration_with;
use super::time::unix_now;

pub(crate) const CHALLENGE: &str = "/api/v1/captcha/challenge";

/// A service whose built-in captcha is as cheap to solve as may be.
pub(crate) fn builtin_captcha() -> Setup {
    let setup = Setup::new().with("captcha_provider", "builtin");
    setup.with("captcha_cost", "1000")
}

impl App {
    /// A new challenge.
    pub(crate) async fn challenge(&self) -> Value {
        self.get(CHALLENGE).await.assert_status(200).json()
    }

    /// The answer to a new challenge.
    pub(crate) async fn captcha_answer(&self) -> String {
        encoded(&solved(&self.challenge().await))
    }

    /// Registers Tom with this captcha answer.
    pub(crate) async fn register_with_answer(&self, answer: &str) -> Answer {
        let body = registration_with("captcha_answer", answer);
        self.register(&body).await
    }
}

/// The payload that the official library makes of a challenge, as a widget does.
pub(crate) fn solved(challenge: &Value) -> Value {
    let challenge: Challenge =
        serde_json::from_value(challenge.clone()).expect("the library takes the challenge");
    let solution = solve_challenge(SolveChallengeOptions::new(&challenge));
    let solution = solution.expect("the challenge can be tried");
    let solution = solution.expect("the challenge can be solved");
    json!(Payload {
        challenge,
        solution
    })
}

/// A payload as it is sent.
pub(crate) fn encoded(payload: &Value) -> String {
    BASE64_STANDARD.encode(payload.to_string())
}

/// A challenge as the service signs them, which ends so many seconds from now.
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
        .expect("32 bytes can be had");
    let fields = parameters.as_object().expect("an object");
    let in_order: BTreeMap<_, _> = fields.iter().collect();
    let mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key of any length will do");
    let code = mac.chain_update(json!(in_order).to_string()).finalize();
    let code = code.into_bytes();
    code.iter().map(|byte| format!("{byte:02x}")).collect()
}
