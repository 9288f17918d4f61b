//! Passwords: the rules, their messages, and the stored hash.

use serde_json::Value;

use crate::helpers::app::{spawn_app, spawn_app_with};
use crate::helpers::flows::{registration_of, registration_with};
use crate::helpers::validation::{broken_rule, secret};

#[tokio::test]
async fn passwords_of_any_characters_up_to_256_bytes_are_accepted_and_log_in() {
    let app = spawn_app().await;
    let longest = format!("{}1", "a".repeat(255));
    for (number, password) in [
        "abcde7",
        "a b 1 2 ",
        "żółw\u{1F422}a1",
        "a1%_'\"\\&=+",
        &longest,
    ]
    .into_iter()
    .enumerate()
    {
        let username = format!("user{number}");
        let mut body = registration_of(&format!("{number}@example.com"), &username);
        body["password"] = password.into();
        app.register(&body).await.assert_status(201);
        app.login(&username, password).await.assert_status(200);
    }
}

#[tokio::test]
async fn a_password_is_stored_as_an_argon2id_hash_with_the_configured_parameters() {
    let app = spawn_app().await;
    app.register_tom().await;
    let stored: String = app.value("SELECT hashed_password FROM users");
    assert!(
        stored.starts_with("$argon2id$v=19$m=7168,t=1,p=1$"),
        "{stored}"
    );
}

#[tokio::test]
async fn two_users_with_the_same_password_have_different_hashes() {
    let app = spawn_app().await;
    app.register_tom().await;
    app.register(&registration_of("ann@example.com", "ann"))
        .await
        .assert_status(201);
    let hashes: i64 = app.value("SELECT count(DISTINCT hashed_password) FROM users");
    assert_eq!(hashes, 2);
}

#[tokio::test]
async fn the_minimum_length_of_a_password_is_configurable() {
    let app = spawn_app_with("password_min_length", "12").await;
    let response = app
        .register(&registration_with("password", "abcdefghij1"))
        .await;
    let message = "Password must be at least 12 characters long";
    response.assert_invalid(&[secret(broken_rule("password", message, Value::Null))]);
    let response = app
        .register(&registration_with("password", "abcdefghijk1"))
        .await;
    response.assert_status(201);
}

#[tokio::test]
async fn the_first_broken_rule_is_reported_without_echoing_the_password() {
    const SHORT: &str = "Password must be at least 6 characters long";
    const DIGIT: &str = "Password must contain at least one digit";
    const LETTER: &str = "Password must contain at least one letter";
    const LONG: &str = "Password cannot be longer than 256 bytes";

    let app = spawn_app().await;
    app.get("/health/ready").await;
    for (password, message) in [
        ("", SHORT),
        ("abcd1", SHORT),
        ("abcde", SHORT),
        ("żółw1", SHORT),
        ("abcdef", DIGIT),
        ("żółwie", DIGIT),
        ("abcde\u{661}", DIGIT),
        ("------", DIGIT),
        ("123456", LETTER),
        ("żóóżó1", LETTER),
        (&format!("{}1", "a".repeat(256)), LONG),
        (&format!("a1{}", "ż".repeat(128)), LONG),
    ] {
        let response = app.register(&registration_with("password", password)).await;
        response.assert_invalid(&[secret(broken_rule("password", message, Value::Null))]);
    }
    app.assert_untouched();
}

#[tokio::test]
async fn a_password_of_a_million_characters_is_rejected_without_hashing_it() {
    let app = spawn_app().await;
    let password = format!("{}1", "a".repeat(1_000_000));
    let response = app.register(&registration_with("password", password)).await;
    let message = "Password cannot be longer than 256 bytes";
    response.assert_invalid(&[secret(broken_rule("password", message, Value::Null))]);
}
