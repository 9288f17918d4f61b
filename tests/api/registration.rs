//! Registration: what a new user gets, and what is stored.

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::helpers::app::{spawn_app, spawn_app_with};
use crate::helpers::flows::{
    EMAIL, PASSWORD, USERNAME, registration, registration_of, registration_with,
};
use crate::helpers::time::unix_now;
use crate::helpers::validation::{broken_rule, secret};

#[tokio::test]
async fn a_new_user_is_answered_with_what_everybody_may_see_of_them() {
    let app = spawn_app().await;
    let answer = app.register(&registration()).await;
    answer.assert_json(
        201,
        &json!({
            "email": EMAIL,
            "username": USERNAME,
            "id": answer.field("id"),
            "account_role": "REGULAR",
            "account_subscription": "FREE",
            "subscription_expires_at": null,
            "created_at": answer.field("created_at"),
        }),
    );
}

#[tokio::test]
async fn the_id_of_a_new_user_is_a_random_uuid_as_lower_case_text() {
    let app = spawn_app().await;
    let id = app.register_tom().await;
    let uuid = Uuid::parse_str(&id).expect("the id is a UUID");
    assert_eq!(uuid.get_version_num(), 4);
    assert_eq!(uuid.to_string(), id);
}

#[tokio::test]
async fn created_at_is_now_in_utc_to_the_second_and_says_so() {
    let app = spawn_app().await;
    let before = unix_now();
    let created_at = app.register(&registration()).await.field("created_at");
    let after = unix_now();
    assert_eq!(
        created_at.len(),
        "2026-11-22T11:46:27Z".len(),
        "{created_at}"
    );
    assert!(created_at.ends_with('Z'), "{created_at}");
    let moment = OffsetDateTime::parse(&created_at, &Rfc3339).expect("the moment is ISO 8601");
    assert!(
        (before..=after).contains(&moment.unix_timestamp()),
        "{created_at}"
    );
}

#[tokio::test]
async fn the_database_keeps_times_in_the_form_that_the_predecessor_wrote() {
    let app = spawn_app().await;
    let created_at = app.register(&registration()).await.field("created_at");
    let stored: String = app.value("SELECT created_at FROM users");
    assert_eq!(format!("{}Z", stored.replace(' ', "T")), created_at);
    assert_eq!(app.value::<String>("SELECT updated_at FROM users"), stored);
}

#[tokio::test]
async fn an_email_address_is_kept_in_lower_case_and_its_domain_in_idna_form() {
    let app = spawn_app().await;
    for (number, (typed, kept)) in [
        ("Ann@Example.COM", "ann@example.com"),
        ("a.n_n+tag@sub.example.co.uk", "a.n_n+tag@sub.example.co.uk"),
        ("ann@ŻÓŁW.pl", "ann@xn--w-uga1v8h.pl"),
        ("ann@\u{212A}elvin.com", "ann@kelvin.com"),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = app
            .register(&registration_of(typed, &format!("ann{number}")))
            .await;
        assert_eq!(answer.assert_status(201).field("email"), kept, "{typed}");
        let stored = app.value::<i64>(&format!(
            "SELECT count(*) FROM users WHERE email = '{kept}'"
        ));
        assert_eq!(stored, 1, "{typed}");
    }
}

#[tokio::test]
async fn a_username_is_kept_as_it_was_typed() {
    let app = spawn_app().await;
    for (number, username) in [
        "ToM",
        "abc",
        "_-_",
        "123",
        "Administrators",
        &"x".repeat(30),
    ]
    .into_iter()
    .enumerate()
    {
        let body = registration_of(&format!("{number}@example.com"), username);
        let answer = app.register(&body).await;
        assert_eq!(answer.assert_status(201).field("username"), username);
    }
}

#[tokio::test]
async fn unknown_fields_are_ignored() {
    let app = spawn_app().await;
    let mut body = registration();
    for (field, value) in [
        ("id", json!("00000000-0000-4000-8000-000000000000")),
        ("role", json!("ADMIN")),
        ("account_role", json!("ADMIN")),
        ("account_subscription", json!("PRO")),
        ("subscription_expires_at", json!("2099-01-01T00:00:00Z")),
        ("created_at", json!(5)),
        ("email_verified", json!(true)),
    ] {
        body[field] = value;
    }
    let user = app.register(&body).await.assert_status(201).json();
    assert_ne!(user["id"], body["id"]);
    assert_eq!(user["account_role"], "REGULAR");
    assert_eq!(user["account_subscription"], "FREE");
    assert_eq!(user["subscription_expires_at"], Value::Null);
    assert_eq!(
        app.value::<String>("SELECT account_role FROM users"),
        "REGULAR"
    );
}

#[tokio::test]
async fn passwords_of_any_characters_up_to_256_bytes_are_taken_and_log_in() {
    let app = spawn_app().await;
    let longest = format!("{}1", "a".repeat(255));
    for (number, password) in [
        "abcde1",
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
async fn a_password_is_stored_as_an_argon2id_hash_with_the_parameters_of_the_settings() {
    let app = spawn_app().await;
    app.register_tom().await;
    let stored: String = app.value("SELECT hashed_password FROM users");
    assert!(
        stored.starts_with("$argon2id$v=19$m=7168,t=1,p=1$"),
        "{stored}"
    );
}

#[tokio::test]
async fn two_users_with_one_password_have_different_hashes() {
    let app = spawn_app().await;
    app.register_tom().await;
    app.register(&registration_of("ann@example.com", "ann"))
        .await
        .assert_status(201);
    let hashes: i64 = app.value("SELECT count(DISTINCT hashed_password) FROM users");
    assert_eq!(hashes, 2);
}

#[tokio::test]
async fn the_least_length_of_a_password_is_a_setting() {
    let app = spawn_app_with("password_min_length", "12").await;
    let answer = app
        .register(&registration_with("password", "abcdefghij1"))
        .await;
    let message = "Password must be at least 12 characters long";
    answer.assert_invalid(&[secret(broken_rule("password", message, Value::Null))]);
    let answer = app
        .register(&registration_with("password", "abcdefghijk1"))
        .await;
    answer.assert_status(201);
}

#[tokio::test]
async fn a_registration_does_not_log_in_and_sends_no_mail() {
    let app = spawn_app().await;
    app.register_tom().await;
    assert_eq!(app.count("sessions"), 0);
    assert_eq!(app.count("outbox"), 0);
    app.login(EMAIL, PASSWORD).await.assert_status(200);
}
