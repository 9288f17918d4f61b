//! Registration: the response and the stored user.

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::helpers::app::spawn_app;
use crate::helpers::flows::{EMAIL, PASSWORD, USERNAME, registration, registration_of};
use crate::helpers::time::unix_now;

#[tokio::test]
async fn a_registration_returns_the_public_data_of_the_user() {
    let app = spawn_app().await;
    let response = app.register(&registration()).await;
    response.assert_json(
        201,
        &json!({
            "email": EMAIL,
            "username": USERNAME,
            "id": response.field("id"),
            "account_role": "REGULAR",
            "account_subscription": "FREE",
            "subscription_expires_at": null,
            "created_at": response.field("created_at"),
        }),
    );
}

#[tokio::test]
async fn the_id_of_a_new_user_is_a_random_lower_case_uuid() {
    let app = spawn_app().await;
    let id = app.register_tom().await;
    let uuid = Uuid::parse_str(&id).expect("the id is a UUID");
    assert_eq!(uuid.get_version_num(), 4);
    assert_eq!(uuid.to_string(), id);
}

#[tokio::test]
async fn created_at_is_the_current_utc_time_in_seconds() {
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
    let moment = OffsetDateTime::parse(&created_at, &Rfc3339).expect("an RFC 3339 timestamp");
    assert!(
        (before..=after).contains(&moment.unix_timestamp()),
        "{created_at}"
    );
}

#[tokio::test]
async fn the_database_stores_timestamps_in_the_legacy_format() {
    let app = spawn_app().await;
    let created_at = app.register(&registration()).await.field("created_at");
    let stored: String = app.value("SELECT created_at FROM users");
    assert_eq!(format!("{}Z", stored.replace(' ', "T")), created_at);
    assert_eq!(app.value::<String>("SELECT updated_at FROM users"), stored);
}

#[tokio::test]
async fn an_email_address_is_stored_in_lower_case_with_its_domain_in_idna_form() {
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
        let response = app
            .register(&registration_of(typed, &format!("ann{number}")))
            .await;
        assert_eq!(response.assert_status(201).field("email"), kept, "{typed}");
        let stored = app.value::<i64>(&format!(
            "SELECT count(*) FROM users WHERE email = '{kept}'"
        ));
        assert_eq!(stored, 1, "{typed}");
    }
}

#[tokio::test]
async fn a_username_is_stored_as_typed() {
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
        let response = app.register(&body).await;
        assert_eq!(response.assert_status(201).field("username"), username);
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
async fn a_registration_starts_no_session_and_sends_no_mail() {
    let app = spawn_app().await;
    app.register_tom().await;
    assert_eq!(app.count("sessions"), 0);
    assert_eq!(app.count("outbox"), 0);
    app.login(EMAIL, PASSWORD).await.assert_status(200);
}
