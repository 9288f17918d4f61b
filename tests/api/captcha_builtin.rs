//! The built-in captcha: what it asks for, and which answers pass how often.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::api_error::{
    DB_LOCKED, EMAIL_TAKEN, INVALID_CAPTCHA, METHOD_NOT_ALLOWED, NOT_FOUND,
};
use crate::helpers::app::{App, Setup, spawn_app_with};
use crate::helpers::captcha::{CHALLENGE, builtin_captcha, encoded, parameters, signed, solved};
use crate::helpers::flows::{EMAIL, registration, registration_of, registration_with};
use crate::helpers::time::{SOON, eventually, unix_now};

/// So many registrations are sent at once.
const CROWD: usize = 20;

async fn spawn_app() -> App {
    builtin_captcha().spawn().await
}

/// This answer does not pass, and nothing comes of it.
async fn assert_refused(app: &App, answer: &str) {
    let refused = app.register_with_answer(answer).await;
    refused.assert_error(&INVALID_CAPTCHA);
    assert_untouched(app);
}

#[track_caller]
fn assert_untouched(app: &App) {
    for table in ["users", "outbox", "used_challenges"] {
        assert_eq!(app.count(table), 0, "{table}");
    }
    assert!(app.mail_provider.received().is_empty());
}

#[tokio::test]
async fn a_challenge_is_one_of_the_protocol_never_cached_and_nowhere_kept() {
    let app = spawn_app().await;
    app.get("/health/ready").await.assert_status(200);
    let answer = app.get(CHALLENGE).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let mut parameters = answer.assert_status(200).json()["parameters"].take();
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
    assert_untouched(&app);
}

#[tokio::test]
async fn by_default_it_is_the_captcha_and_costs_five_thousand_iterations() {
    let app = Setup::new().without("captcha_provider").spawn().await;
    let challenge = app.challenge().await;
    assert_eq!(challenge["parameters"]["cost"], 5000);
    let answer = encoded(&solved(&challenge));
    app.register_with_answer(&answer).await.assert_status(201);
    assert_eq!(app.captcha.received().len(), 0);
}

#[tokio::test]
async fn with_another_captcha_there_are_no_challenges() {
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
async fn whoever_solves_a_challenge_registers_once() {
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
async fn of_two_solutions_of_one_challenge_one_passes() {
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
async fn n01_one_answer_twenty_times_at_once_makes_one_user() {
    let app = spawn_app().await;
    for round in 0..5 {
        let answer = app.captcha_answer().await;
        let bodies: Vec<_> = (0..CROWD)
            .map(|n| {
                let mut body =
                    registration_of(&format!("u{round}-{n}@x.org"), &format!("u{round}-{n}"));
                body["captcha_answer"] = json!(answer);
                body
            })
            .collect();
        let answers = join_all(bodies.iter().map(|body| app.register(body))).await;
        let (registered, refused): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.status == 201);
        assert_eq!(registered.len(), 1);
        refused
            .iter()
            .for_each(|answer| answer.assert_error(&INVALID_CAPTCHA));
        assert_eq!(app.count("users"), round + 1);
    }
}

#[tokio::test]
async fn n01_without_an_answer_nobody_registers() {
    let app = spawn_app().await;
    app.get("/health/ready").await.assert_status(200);
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
    absent
        .as_object_mut()
        .expect("an object")
        .remove("captcha_answer");
    app.register(&absent).await.assert_status(422);
    for text in ["", " ", "7XK2P", "null", "e30=", &"A".repeat(900_000)] {
        assert_refused(&app, text).await;
    }
    assert_untouched(&app);
}

#[tokio::test]
async fn a_captcha_id_may_be_absent_or_null_but_not_wrong() {
    let app = spawn_app().await;
    let bodies = [None, Some(Value::Null), Some(json!(uuid::Uuid::new_v4()))].map(|id| {
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
        let answer = app.register(&registration_with("captcha_id", wrong)).await;
        let body = answer.assert_status(422).json();
        assert_eq!(body["detail"][0]["loc"], json!(["body", "captcha_id"]));
    }
}

#[tokio::test]
async fn what_was_not_signed_like_this_by_this_service_is_refused() {
    let app = spawn_app().await;
    app.get("/health/ready").await.assert_status(200);
    let payload = solved(&app.challenge().await);
    for (pointer, value) in [
        ("/challenge/parameters/cost", json!(1)),
        ("/challenge/parameters/cost", json!(4_000_000_000_u32)),
        (
            "/challenge/parameters/expiresAt",
            json!(unix_now() + 86_400),
        ),
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
    let foreign_key = "another secret key, 33 bytes long";
    let foreign = builtin_captcha()
        .with("secret_key", foreign_key)
        .spawn()
        .await;
    assert_refused(&app, &foreign.captcha_answer().await).await;
    let untouched = app.register_with_answer(&encoded(&payload)).await;
    untouched.assert_status(201);
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_refused() {
    let app = spawn_app().await;
    app.get("/health/ready").await.assert_status(200);
    for seconds in [-86_400, -1, 0] {
        let expired = signed(&parameters(seconds));
        assert_refused(&app, &encoded(&solved(&expired))).await;
    }
    let in_time = encoded(&solved(&signed(&parameters(30))));
    app.register_with_answer(&in_time).await.assert_status(201);
}

#[tokio::test]
async fn the_answer_is_checked_after_the_rules_and_used_up_before_the_names_are_looked_up() {
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
async fn an_answer_that_could_not_be_used_up_is_still_good() {
    let app = spawn_app().await;
    let answer = app.captcha_answer().await;
    app.get("/health/ready").await.assert_status(200);
    let lock = app.database();
    lock.execute_batch("BEGIN IMMEDIATE")
        .expect("the database can be locked");
    app.register_with_answer(&answer)
        .await
        .assert_error(&DB_LOCKED);
    drop(lock);
    app.register_with_answer(&answer).await.assert_status(201);
}

#[tokio::test]
async fn used_challenges_are_forgotten_a_day_after_they_have_expired() {
    let app = spawn_app().await;
    let answers = [app.captcha_answer().await, app.captcha_answer().await];
    let old = signed(&parameters(500));
    app.register_with_answer(&answers[0])
        .await
        .assert_status(201);
    let old_answer = encoded(&solved(&old));
    app.register_with_answer(&old_answer)
        .await
        .assert_error(&EMAIL_TAKEN);
    // As if the clock had been set back by 20 hours since.
    app.change("UPDATE used_challenges SET expires_at = expires_at - 20 * 3600");
    let nonce = old["parameters"]["nonce"].as_str().expect("a nonce");
    app.change(&format!(
        "UPDATE used_challenges SET expires_at = unixepoch() - 86401 WHERE nonce = '{nonce}'"
    ));
    app.forgot_password(EMAIL).await.assert_status(202);
    let is_cleared = async || (app.count("used_challenges") == 1).then_some(());
    eventually("the older one is forgotten", SOON, is_cleared).await;
    app.register_with_answer(&answers[0])
        .await
        .assert_error(&INVALID_CAPTCHA);
    let answer = app
        .request(Method::GET, CHALLENGE)
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 200);
}
