//! Registration: no account without a captcha, one account per identity, no requested privileges.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::helpers::app::{App, spawn_app};
use crate::helpers::flows::{EMAIL, LOGIN, PASSWORD, registration, registration_of};
use crate::helpers::stub::Reply;
use crate::helpers::tally::rounds;
use crate::helpers::token::claims;
use crate::security::races;

const CAPTCHA_FIELDS: [&str; 2] = ["captcha_id", "captcha_answer"];

/// A registration with one field changed or removed.
fn with_captcha(field: &str, value: Option<Value>) -> Value {
    let mut body = registration();
    match value {
        Some(value) => body[field] = value,
        None => drop(body.as_object_mut().expect("an object").remove(field)),
    }
    body
}

fn assert_no_registration(app: &App) {
    assert_eq!(app.count("users"), 0);
    assert_eq!(app.count("outbox"), 0);
    assert!(app.mail_provider.received().is_empty());
}

#[tokio::test]
async fn a_registration_without_a_captcha_is_rejected_without_an_outbound_request() {
    let app = spawn_app().await;
    app.get("/health/ready").await.assert_status(200);
    for field in CAPTCHA_FIELDS {
        let answer = json!(["7XK2P"]);
        for value in [
            None,
            Some(Value::Null),
            Some(answer),
            Some(json!({})),
            Some(json!(true)),
        ] {
            let response = app.register(&with_captcha(field, value)).await;
            response.assert_status(422);
        }
    }
    app.register(&with_captcha("captcha_id", Some(json!(""))))
        .await
        .assert_status(422);
    assert!(app.captcha.received().is_empty());
    assert_no_registration(&app);
}

#[tokio::test]
async fn an_empty_or_wrong_captcha_answer_is_rejected() {
    let app = spawn_app().await;
    app.get("/health/ready").await.assert_status(200);
    app.captcha
        .reply_with(Reply::Json(200, json!({"is_valid": false})));
    for answer in ["", " ", "true", "7XK2P"] {
        let body = with_captcha("captcha_answer", Some(json!(answer)));
        app.register(&body).await.assert_status(400);
    }
    assert_no_registration(&app);
}

#[tokio::test]
async fn fifty_concurrent_registrations_of_one_email_create_one_user() {
    races::registrations_of_one_email(rounds().min(5))
        .await
        .assert_no_failures();
}

#[tokio::test]
async fn fifty_concurrent_registrations_of_one_username_create_one_user() {
    races::registrations_of_one_username(rounds().min(5))
        .await
        .assert_no_failures();
}

#[tokio::test]
async fn a_registration_cannot_choose_a_role_an_id_or_a_subscription() {
    let app = spawn_app().await;
    let wishes = json!({
        "role": "ADMIN",
        "account_role": "ADMIN",
        "id": "00000000-0000-4000-8000-000000000000",
        "account_subscription": "PRO",
        "subscription_expires_at": "2099-01-01T00:00:00Z",
        "created_at": "1999-01-01T00:00:00Z",
        "email_verified": true,
        "hashed_password": "$argon2id$",
    });
    let mut body = registration();
    body.as_object_mut()
        .expect("an object")
        .extend(wishes.as_object().expect("wishes").clone());
    let user = app.register(&body).await.assert_status(201).json();
    for (field, wish) in wishes.as_object().expect("wishes") {
        assert_ne!(user.get(field), Some(wish), "{field}");
    }
    let form = [
        ("username", EMAIL),
        ("password", PASSWORD),
        ("role", "ADMIN"),
    ];
    let token = app
        .login_form(&form)
        .await
        .assert_status(200)
        .field("access_token");
    assert_eq!(claims(&token)["role"], "REGULAR");
    let stored: String = app.value("SELECT account_role || account_subscription FROM users");
    assert_eq!(stored, "REGULARFREE");
}

#[tokio::test]
async fn sql_in_a_field_is_treated_as_text() {
    let app = spawn_app().await;
    for (number, email) in ["t_m@example.com", "t%m@example.com", "o'neil@example.com"]
        .into_iter()
        .enumerate()
    {
        let body = registration_of(email, &format!("user{number}"));
        app.register(&body).await.assert_status(201);
        app.login(email, PASSWORD).await.assert_status(200);
    }
    for unknown in [
        "tom@example.com",
        "%@example.com",
        "user_",
        "user%",
        "' OR '1'='1",
        "\"user0\"",
    ] {
        app.login(unknown, PASSWORD).await.assert_status(401);
    }
    app.forgot_password("tom@example.com")
        .await
        .assert_status(202);
    app.forgot_password("%@example.com")
        .await
        .assert_status(202);
    assert_eq!(app.count("outbox"), 0);
    assert_eq!(app.count("users"), 3);
}

#[tokio::test]
async fn a_suggestion_stays_fast_with_a_million_users_of_one_prefix() {
    let app = spawn_app().await;
    app.register_tom().await;
    app.add_users("Tom", 1_000_000);
    let start = Instant::now();
    let response = app
        .register(&registration_of("late@example.com", "tom"))
        .await;
    let took = start.elapsed();
    let suggestion = response.assert_status(409).json()["detail"]["suggestion"].clone();
    assert!(took < Duration::from_secs(1), "{took:?}");
    let suggestion = suggestion.as_str().expect("a suggestion");
    let body = registration_of("late@example.com", suggestion);
    app.register(&body).await.assert_status(201);
    let start = Instant::now();
    let unknown = [("username", "tom_"), ("password", PASSWORD)];
    app.login_form(&unknown).await.assert_status(401);
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{LOGIN}: {:?}",
        start.elapsed()
    );
}
