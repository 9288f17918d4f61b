//! The built-in captcha: its challenges, and the validity of answers.

use serde_json::{Value, json};

use crate::helpers::api_error::{
    DB_LOCKED, EMAIL_TAKEN, INVALID_CAPTCHA, METHOD_NOT_ALLOWED, NOT_FOUND,
};
use crate::helpers::app::{App, Setup, spawn_app_with};
use crate::helpers::captcha::{CHALLENGE, builtin_captcha, encoded, solved};
use crate::helpers::flows::{CAPTCHA_ID, registration_of, registration_with};
use crate::helpers::time::unix_now;

async fn spawn_app() -> App {
    builtin_captcha().spawn().await
}

#[tokio::test]
async fn a_challenge_follows_the_protocol_and_is_neither_cached_nor_stored() {
    let app = spawn_app().await;
    app.get("/health/ready").await.assert_status(200);
    let response = app.get(CHALLENGE).await;
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let mut parameters = response.assert_status(200).json()["parameters"].take();
    let expires_in = parameters["expiresAt"].take().as_i64().expect("a time") - unix_now();
    assert!((598..=600).contains(&expires_in), "{expires_in} s");
    for name in ["nonce", "salt"] {
        let random = parameters[name].take();
        assert_eq!(random.as_str().map(str::len), Some(32), "{name}");
    }
    let expected = json!({
        "algorithm": "PBKDF2/SHA-256",
        "cost": 1000,
        "expiresAt": null,
        "keyLength": 32,
        "keyPrefix": "00",
        "nonce": null,
        "salt": null,
    });
    assert_eq!(parameters, expected);
    assert_ne!(app.challenge().await, app.challenge().await);
    assert_eq!(app.count("used_challenges"), 0);
}

#[tokio::test]
async fn the_default_captcha_is_builtin_and_costs_five_thousand_iterations() {
    let app = Setup::new().without("captcha_provider").spawn().await;
    let challenge = app.challenge().await;
    assert_eq!(challenge["parameters"]["cost"], 5000);
    let answer = encoded(&solved(&challenge));
    app.register_with_answer(&answer).await.assert_status(201);
    assert_eq!(app.captcha.received().len(), 0);
}

#[tokio::test]
async fn other_captcha_providers_have_no_challenges() {
    for provider in ["service", "off"] {
        let app = spawn_app_with("captcha_provider", provider).await;
        app.get(CHALLENGE).await.assert_error(&NOT_FOUND);
    }
    let app = spawn_app().await;
    let posted = app.post(CHALLENGE, &json!({})).await;
    posted.assert_error(&METHOD_NOT_ALLOWED);
    assert_eq!(posted.header("allow"), Some("GET,HEAD"));
}

#[tokio::test]
async fn a_solved_challenge_allows_one_registration() {
    let mut app = spawn_app().await;
    let answer = app.captcha_answer().await;
    app.register_with_answer(&answer).await.assert_status(201);
    let mut other = registration_of("other@example.com", "other");
    other["captcha_answer"] = json!(answer);
    app.register(&other).await.assert_error(&INVALID_CAPTCHA);
    app.server.kill();
    app.restart().await;
    app.register(&other).await.assert_error(&INVALID_CAPTCHA);
    assert_eq!(app.count("users"), 1);
    assert_eq!(app.count("used_challenges"), 1);
}

#[tokio::test]
async fn only_one_of_two_solutions_of_a_challenge_passes() {
    let app = spawn_app().await;
    let challenge = app.challenge().await;
    let first = encoded(&solved(&challenge));
    app.register_with_answer(&first).await.assert_status(201);
    let mut again = solved(&challenge);
    again["solution"]["time"] = json!(1);
    let mut other = registration_of("other@example.com", "other");
    other["captcha_answer"] = json!(encoded(&again));
    app.register(&other).await.assert_error(&INVALID_CAPTCHA);
}

#[tokio::test]
async fn a_captcha_id_may_be_absent_or_null_but_not_invalid() {
    let app = spawn_app().await;
    let bodies = [None, Some(Value::Null), Some(json!(CAPTCHA_ID))].map(|id| {
        let name = format!("tom-{}", id.as_ref().map_or(0, |id| id.to_string().len()));
        let mut body = registration_of(&format!("{name}@example.com"), &name);
        match id {
            Some(id) => body["captcha_id"] = id,
            None => drop(
                body.as_object_mut()
                    .expect("an object")
                    .remove("captcha_id"),
            ),
        }
        body
    });
    for mut body in bodies {
        body["captcha_answer"] = json!(app.captcha_answer().await);
        app.register(&body).await.assert_status(201);
    }
    for wrong in [json!(""), json!("nope"), json!(7)] {
        let response = app.register(&registration_with("captcha_id", wrong)).await;
        let body = response.assert_status(422).json();
        assert_eq!(body["detail"][0]["loc"], json!(["body", "captcha_id"]));
    }
}

#[tokio::test]
async fn the_answer_is_verified_after_validation_and_used_up_before_the_conflict_check() {
    let app = spawn_app().await;
    let answer = app.captcha_answer().await;
    let mut invalid = registration_with("username", "a");
    invalid["captcha_answer"] = json!(answer);
    app.register(&invalid).await.assert_status(422);
    app.register_with_answer(&answer).await.assert_status(201);

    app.register_with_answer("wrong")
        .await
        .assert_error(&INVALID_CAPTCHA);
    let answer = app.captcha_answer().await;
    app.register_with_answer(&answer)
        .await
        .assert_error(&EMAIL_TAKEN);
    app.register_with_answer(&answer)
        .await
        .assert_error(&INVALID_CAPTCHA);
}

#[tokio::test]
async fn an_answer_stays_valid_if_it_could_not_be_marked_as_used() {
    let app = spawn_app().await;
    let answer = app.captcha_answer().await;
    app.get("/health/ready").await.assert_status(200);
    let lock = app.database();
    lock.execute_batch("BEGIN IMMEDIATE")
        .expect("the database locks");
    app.register_with_answer(&answer)
        .await
        .assert_error(&DB_LOCKED);
    drop(lock);
    app.register_with_answer(&answer).await.assert_status(201);
}
