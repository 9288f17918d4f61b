//! Passwords that are easy to guess: common ones, and those with a name in them. And `password_rules`.

use serde_json::{Value, json};

use crate::helpers::api_error::INVALID_RESET_TOKEN;
use crate::helpers::app::{App, Setup, spawn_app, spawn_app_with};
use crate::helpers::flows::{
    EMAIL, PASSWORD, RESET_PASSWORD, USERNAME, registration_of, registration_with,
};
use crate::helpers::response::Response;
use crate::helpers::validation::{bad_email, broken_rule, secret};

const TOO_COMMON: &str = "This password is too common.";
const CONTAINS_NAME: &str = "This password contains your name or email.";

#[track_caller]
fn assert_refused(response: &Response, field: &str, message: &str) {
    response.assert_invalid(&[secret(broken_rule(field, message, Value::Null))]);
}

/// A registration of another user than Tom.
fn registration_of_alexander(password: &str) -> Value {
    let mut body = registration_of("alexander.k+shop@example.com", "Alex-K");
    body["password"] = password.into();
    body
}

#[tokio::test]
async fn a_common_password_is_refused_in_any_spelling() {
    let app = spawn_app().await;
    app.get("/health/ready").await.assert_status(200);
    for password in [
        "password1",
        "Password1",
        "PASSW0RD",
        "1q2w3e4r",
        "abc123",
        "ｐａｓｓword1",
        "pass\u{200B}word1",
    ] {
        let response = app.register(&registration_with("password", password)).await;
        assert_refused(&response, "password", TOO_COMMON);
    }
    app.assert_untouched();
    for password in ["password1 or not", "Xpassword1"] {
        let (email, name) = (format!("{}@example.com", password.len()), password.len());
        let mut body = registration_of(&email, &format!("user-{name}"));
        body["password"] = password.into();
        app.register(&body).await.assert_status(201);
    }
}

#[tokio::test]
async fn the_rules_of_characters_come_before_those_of_guessing() {
    let app = spawn_app().await;
    for (password, message) in [
        ("abc12", "Password must be at least 6 characters long"),
        ("password", "Password must contain at least one digit"),
        ("alex-k-alex-k", "Password must contain at least one digit"),
        ("12345678", "Password must contain at least one letter"),
    ] {
        let response = app.register(&registration_of_alexander(password)).await;
        assert_refused(&response, "password", message);
    }
}

#[tokio::test]
async fn a_password_with_the_username_or_the_start_of_the_address_is_refused() {
    let app = spawn_app().await;
    app.get("/health/ready").await.assert_status(200);
    for password in [
        "Alex-K 2026",
        "my-alexk-password-1",
        "ALEXANDER.K1",
        "xx1alexanderkxx",
        "a.l.e.x.k 1234",
        "ａｌｅｘk 1234",
    ] {
        let response = app.register(&registration_of_alexander(password)).await;
        assert_refused(&response, "password", CONTAINS_NAME);
    }
    app.assert_untouched();
    for password in ["shop shop 1", "example.com 1", "k alexander 1"] {
        app.register(&registration_of_alexander(password))
            .await
            .assert_status(201);
        app.change("DELETE FROM users");
    }
}

#[tokio::test]
async fn a_short_name_is_refused_only_as_all_letters_of_the_password() {
    let app = spawn_app().await;
    app.get("/health/ready").await.assert_status(200);
    for password in ["Tom 1876", "1-tom-1!", "toM2026"] {
        let response = app.register(&registration_with("password", password)).await;
        assert_refused(&response, "password", CONTAINS_NAME);
    }
    app.assert_untouched();
    for password in ["bottom 1876", "a tom 1876"] {
        let body = registration_with("password", password);
        app.register(&body).await.assert_status(201);
        app.change("DELETE FROM users");
    }
}

#[tokio::test]
async fn a_password_with_the_name_of_the_application_is_too_common() {
    let app = spawn_app_with("emails_from_name", "Blue Harbour & Sons").await;
    for password in ["BlueHarbourSons1", "1 blue harbour & sons!"] {
        let response = app.register(&registration_with("password", password)).await;
        assert_refused(&response, "password", TOO_COMMON);
    }
    let body = registration_with("password", "sons of the blue harbour 1");
    app.register(&body).await.assert_status(201);
}

#[tokio::test]
async fn a_guessable_password_is_reported_with_the_other_fields() {
    let app = spawn_app().await;
    let mut body = registration_with("password", "alexander 1");
    body["email"] = "nope".into();
    body["username"] = "Alexander".into();
    let at_sign = bad_email("An email address must have an @-sign.", "nope");
    let name = secret(broken_rule("password", CONTAINS_NAME, Value::Null));
    let response = app.register(&body).await;
    response.assert_invalid(&[at_sign.clone(), name]);
    // A name that is itself not valid cannot be compared.
    body["username"] = "a!".into();
    let message = "Username must be at least 3 characters long.";
    let username = broken_rule("username", message, json!("a!"));
    app.register(&body)
        .await
        .assert_invalid(&[at_sign, username]);
}

/// Registers Alexander, and returns the token of a reset link.
async fn reset_token_of_alexander(app: &App) -> String {
    let body = registration_of_alexander(PASSWORD);
    app.register(&body).await.assert_status(201);
    app.next_reset_token("alexander.k+shop@example.com").await
}

#[tokio::test]
async fn a_reset_refuses_guessable_passwords_and_the_link_stays_valid() {
    let app = spawn_app().await;
    let token = reset_token_of_alexander(&app).await;
    for (password, message) in [
        ("password", "Password must contain at least one digit"),
        ("password1", TOO_COMMON),
        ("myusersservice1", TOO_COMMON),
        ("Alex-K 2026", CONTAINS_NAME),
        ("alexander.k 1", CONTAINS_NAME),
    ] {
        let response = app.reset_password(&token, password).await;
        assert_refused(&response, "new_password", message);
    }
    let new_password = "battery staple 2";
    let response = app.reset_password(&token, new_password).await;
    response.assert_status(200);
    app.login("alex-k", new_password).await.assert_status(200);
}

#[tokio::test]
async fn without_a_valid_link_a_reset_tells_nothing_about_names() {
    let app = spawn_app().await;
    let token = reset_token_of_alexander(&app).await;
    let names = "Alex-K alexander.k 1";
    let others = ["none".to_owned(), "x".repeat(token.len())];
    for other in others {
        let response = app.reset_password(&other, names).await;
        response.assert_error(&INVALID_RESET_TOKEN);
    }
    app.change("UPDATE users SET disabled_at = '2026-01-01 00:00:00'");
    let response = app.reset_password(&token, names).await;
    response.assert_error(&INVALID_RESET_TOKEN);
    app.change("UPDATE users SET disabled_at = NULL");
    let response = app.reset_password(&token, "battery staple 2").await;
    response.assert_status(200);
    let response = app.reset_password(&token, names).await;
    response.assert_error(&INVALID_RESET_TOKEN);
    let body = json!({"new_password": names});
    app.post(RESET_PASSWORD, &body).await.assert_status(422);
}

#[tokio::test]
async fn a_refused_password_at_a_reset_changes_nothing() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let token = app.reset_token(1).await;
    app.reset_password(&token, "tom 1234")
        .await
        .assert_status(422);
    app.test_data(&tokens.access).await.assert_status(200);
    app.login(EMAIL, PASSWORD).await.assert_status(200);
    assert_eq!(app.count("password_reset_tokens WHERE is_used = 0"), 1);
}

#[tokio::test]
async fn nist_allows_any_eight_characters_that_are_not_common() {
    let app = spawn_app_with("password_rules", "nist").await;
    for (password, message) in [
        ("owlowl1", "Password must be at least 8 characters long"),
        ("", "Password must be at least 8 characters long"),
        ("iloveyou", TOO_COMMON),
        ("1234567890", TOO_COMMON),
        ("QWERTYUIOP", TOO_COMMON),
        ("password1", TOO_COMMON),
        ("my users service", TOO_COMMON),
        ("tom!!!!!", CONTAINS_NAME),
        (&"a".repeat(257), "Password cannot be longer than 256 bytes"),
    ] {
        let response = app.register(&registration_with("password", password)).await;
        assert_refused(&response, "password", message);
    }
    for password in ["sleepy owl", "żółwżółw", "7 3 5 0 1 9 2", PASSWORD] {
        let body = registration_with("password", password);
        app.register(&body).await.assert_status(201);
        app.login(USERNAME, password).await.assert_status(200);
        app.change("DELETE FROM users");
    }
}

#[tokio::test]
async fn nist_takes_a_longer_minimum() {
    let setup = Setup::new().with("password_rules", "nist");
    let app = setup.with("password_min_length", "15").spawn().await;
    let response = app
        .register(&registration_with("password", "sleepy owl one"))
        .await;
    let message = "Password must be at least 15 characters long";
    assert_refused(&response, "password", message);
    let body = registration_with("password", "sleepy owl ones");
    app.register(&body).await.assert_status(201);
}

#[tokio::test]
async fn a_password_of_former_rules_still_logs_in() {
    let mut app = spawn_app_with("password_rules", "nist").await;
    let password = "blue harbour";
    let body = registration_with("password", password);
    app.register(&body).await.assert_status(201);
    app.set("password_rules", "legacy");
    app.set("password_min_length", "20");
    app.set("emails_from_name", "Blue Harbour");
    app.restart().await;
    app.login(EMAIL, password).await.assert_status(200);
    let body = json!({"token": app.reset_token(1).await, "new_password": password});
    app.post(RESET_PASSWORD, &body).await.assert_status(422);
}
