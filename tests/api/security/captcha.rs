//! Attacks on the built-in captcha: missing, forged, foreign, late and reused answers.

use serde_json::{Value, json};

use crate::helpers::api_error::INVALID_CAPTCHA;
use crate::helpers::app::App;
use crate::helpers::captcha::{builtin_captcha, encoded, signed_challenge, solved};
use crate::helpers::flows::{registration, registration_with};
use crate::helpers::tally::rounds;
use crate::helpers::time::unix_now;
use crate::security::races;

/// Starts a service with the built-in captcha and a migrated database.
async fn spawn_app() -> App {
    let app = builtin_captcha().spawn().await;
    app.get("/health/ready").await.assert_status(200);
    app
}

/// Asserts that the answer is rejected without a side effect.
async fn assert_refused(app: &App, answer: &str) {
    let refused = app.register_with_answer(answer).await;
    refused.assert_error(&INVALID_CAPTCHA);
    assert_no_registration(app);
}

#[track_caller]
fn assert_no_registration(app: &App) {
    for table in ["users", "outbox", "used_challenges"] {
        assert_eq!(app.count(table), 0, "{table}");
    }
    assert!(app.mail_provider.received().is_empty());
}

#[tokio::test]
async fn a_registration_without_an_answer_is_rejected() {
    let app = spawn_app().await;
    let answer = app.captcha_answer().await;
    for value in [
        Value::Null,
        json!([answer]),
        json!({"a": answer}),
        json!(1),
        json!(true),
    ] {
        let body = registration_with("captcha_answer", value);
        app.register(&body).await.assert_status(422);
    }
    let mut absent = registration();
    let fields = absent.as_object_mut().expect("an object");
    fields.remove("captcha_answer");
    app.register(&absent).await.assert_status(422);
    let huge = "A".repeat(900_000);
    for text in ["", " ", "7XK2P", "null", "e30=", &huge] {
        assert_refused(&app, text).await;
    }
    assert_no_registration(&app);
}

#[tokio::test]
async fn twenty_concurrent_registrations_with_one_answer_create_one_user() {
    races::registrations_with_one_answer(rounds().min(5))
        .await
        .assert_no_failures();
}

#[tokio::test]
async fn a_tampered_answer_is_rejected() {
    let app = spawn_app().await;
    let payload = solved(&app.challenge().await);
    let tomorrow = unix_now() + 86_400;
    for (pointer, value) in [
        ("/challenge/parameters/cost", json!(1)),
        ("/challenge/parameters/cost", json!(4_000_000_000_u32)),
        ("/challenge/parameters/expiresAt", json!(tomorrow)),
        ("/challenge/parameters/keyPrefix", json!("")),
        ("/challenge/parameters/keyLength", json!(0)),
        ("/challenge/parameters/algorithm", json!("SHA-1")),
        ("/challenge/parameters/nonce", json!("0".repeat(32))),
        ("/challenge/parameters/salt", json!("")),
        ("/challenge/signature", json!("")),
        ("/challenge/signature", Value::Null),
        ("/solution/counter", json!(-1)),
        ("/solution/derivedKey", json!("00".repeat(32))),
    ] {
        let mut tampered = payload.clone();
        *tampered.pointer_mut(pointer).expect("a value") = value;
        assert_refused(&app, &encoded(&tampered)).await;
    }
    let response = app.register_with_answer(&encoded(&payload)).await;
    response.assert_status(201);
}

#[tokio::test]
async fn an_answer_for_another_service_is_rejected() {
    let app = spawn_app().await;
    let foreign = builtin_captcha().with("secret_key", "another secret key, 33 bytes long");
    let foreign = foreign.spawn().await;
    let answer = foreign.captcha_answer().await;
    assert_refused(&app, &answer).await;
    let at_home = foreign.register_with_answer(&answer).await;
    at_home.assert_status(201);
}

#[tokio::test]
async fn an_expired_answer_is_rejected() {
    let app = spawn_app().await;
    for seconds in [-86_400, -1, 0] {
        let expired = signed_challenge(seconds);
        assert_refused(&app, &encoded(&solved(&expired))).await;
    }
    let in_time = encoded(&solved(&signed_challenge(30)));
    app.register_with_answer(&in_time).await.assert_status(201);
}
