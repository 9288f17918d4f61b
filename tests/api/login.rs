//! Login: valid credentials, issued tokens, and uniform failures.

use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::helpers::api_error::INCORRECT_CREDENTIALS;
use crate::helpers::app::{Setup, spawn_app, spawn_app_with};
use crate::helpers::flows::{EMAIL, LOGIN, PASSWORD, USERNAME, registration_with};
use crate::helpers::response::Response;
use crate::helpers::time::unix_now;
use crate::helpers::token::{claims, header};
use crate::helpers::validation::missing;

#[tokio::test]
async fn a_login_returns_the_tokens_of_a_new_session() {
    let app = spawn_app().await;
    app.register_tom().await;
    let response = app.login(EMAIL, PASSWORD).await;
    response.assert_json(
        200,
        &json!({
            "access_token": response.field("access_token"),
            "refresh_token": response.field("refresh_token"),
            "token_type": "bearer",
            "expires_in": 1800,
        }),
    );
    assert_eq!(response.header("cache-control"), Some("no-store"));
    assert_eq!(app.count("sessions"), 1);
}

#[tokio::test]
async fn email_and_username_are_case_insensitive() {
    let app = spawn_app().await;
    app.register_tom().await;
    for username in [EMAIL, "TOM@Example.Com", USERNAME, "tom", "TOM"] {
        app.login(username, PASSWORD).await.assert_status(200);
    }
    assert_eq!(app.count("sessions"), 5);
}

#[tokio::test]
async fn other_fields_of_the_password_grant_are_ignored() {
    let app = spawn_app().await;
    app.register_tom().await;
    let response = app.login_form(&[
        ("grant_type", "password"),
        ("username", EMAIL),
        ("password", PASSWORD),
        ("scope", "a b"),
        ("client_id", "front-end"),
        ("client_secret", "x"),
        ("more", "x"),
    ]);
    response.await.assert_status(200);
}

#[tokio::test]
async fn every_failed_login_gets_the_same_401() {
    let app = spawn_app().await;
    app.register_tom().await;
    let hash: String = app.value("SELECT hashed_password FROM users");
    for (username, password) in [
        (EMAIL, "correct horse 2"),
        (EMAIL, "Correct horse 1"),
        (EMAIL, "correct horse 1 "),
        (EMAIL, " correct horse 1"),
        (EMAIL, "correct horse"),
        (EMAIL, hash.as_str()),
        (USERNAME, "wrong"),
        ("ann@example.com", PASSWORD),
        ("ann", PASSWORD),
        ("admin", PASSWORD),
        ("a", PASSWORD),
        ("Tom1", PASSWORD),
        ("To%", PASSWORD),
        ("T_m", PASSWORD),
        ("' OR 1=1 --", PASSWORD),
        (" Tom", PASSWORD),
        ("tom@example.com\0", PASSWORD),
        ("@", PASSWORD),
    ] {
        app.login(username, password)
            .await
            .assert_error(&INCORRECT_CREDENTIALS);
    }
    assert_eq!(app.count("sessions"), 0);
}

#[tokio::test]
async fn a_failed_login_looks_the_same_whether_the_user_exists_or_not() {
    let app = spawn_app().await;
    app.register_tom().await;
    let wrong_password = app.login(EMAIL, "wrong password 1").await;
    let unknown_user = app.login("ann@example.com", "wrong password 1").await;
    assert_eq!(wrong_password.status, unknown_user.status);
    assert_eq!(wrong_password.text, unknown_user.text);
    let names = |response: &Response| response.headers.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&wrong_password), names(&unknown_user));
}

#[tokio::test]
async fn a_long_password_is_not_truncated() {
    let app = spawn_app().await;
    let password = format!("{}1", "a".repeat(99));
    app.register(&registration_with("password", password.as_str()))
        .await
        .assert_status(201);
    for length in [1, 72, 99] {
        app.login(EMAIL, &password[..length])
            .await
            .assert_error(&INCORRECT_CREDENTIALS);
    }
    let longer = format!("{password}1");
    app.login(EMAIL, &longer)
        .await
        .assert_error(&INCORRECT_CREDENTIALS);
    app.login(EMAIL, &password).await.assert_status(200);
}

#[tokio::test]
async fn a_password_over_the_length_limit_is_incorrect() {
    let app = spawn_app().await;
    app.register_tom().await;
    let password = "a1".repeat(250_000);
    app.login(EMAIL, &password)
        .await
        .assert_error(&INCORRECT_CREDENTIALS);
}

#[tokio::test]
async fn missing_or_empty_fields_get_a_422_that_names_them() {
    let app = spawn_app().await;
    let no_username = missing("username", Value::Null);
    let no_password = missing("password", Value::Null);
    for (form, errors) in [
        (vec![], vec![no_username.clone(), no_password.clone()]),
        (vec![("username", EMAIL)], vec![no_password.clone()]),
        (vec![("password", PASSWORD)], vec![no_username.clone()]),
        (
            vec![("username", ""), ("password", "")],
            vec![no_username, no_password],
        ),
    ] {
        app.login_form(&form).await.assert_invalid(&errors);
    }
}

#[tokio::test]
async fn a_json_body_counts_as_an_empty_form() {
    let app = spawn_app().await;
    app.register_tom().await;
    let response = app
        .post(LOGIN, &json!({"username": EMAIL, "password": PASSWORD}))
        .await;
    response.assert_invalid(&["username", "password"].map(|field| missing(field, Value::Null)));
}

#[tokio::test]
async fn grant_types_other_than_password_are_rejected() {
    let app = spawn_app().await;
    app.register_tom().await;
    for grant_type in [
        "refresh_token",
        "PASSWORD",
        "password ",
        "client_credentials",
    ] {
        let form = [
            ("grant_type", grant_type),
            ("username", EMAIL),
            ("password", PASSWORD),
        ];
        app.login_form(&form).await.assert_invalid(&[json!({
            "type": "string_pattern_mismatch",
            "loc": ["body", "grant_type"],
            "msg": "String should match pattern '^password$'",
            "input": grant_type,
            "ctx": {"pattern": "^password$"},
        })]);
    }
}

#[tokio::test]
async fn an_access_token_names_its_user_lifetime_and_session() {
    let app = spawn_app().await;
    let user = app.register_tom().await;
    let before = unix_now();
    let token = app.tokens_of_tom().await.access;
    let session: String = app.value("SELECT id FROM sessions");
    assert_eq!(header(&token)["alg"], "HS256");
    let claims = claims(&token);
    let issued_at = claims["iat"].as_i64().expect("iat is a number");
    let id = claims["jti"].as_str().expect("jti is a string");
    let expected = json!({
        "sub": user,
        "exp": issued_at + 1800,
        "iat": issued_at,
        "nbf": claims["nbf"],
        "iss": "gatehouse",
        "jti": id,
        "type": "access",
        "sid": session,
        "role": "REGULAR",
    });
    assert_eq!(without_nulls(&claims), without_nulls(&expected));
    assert!((before..=unix_now()).contains(&issued_at));
    Uuid::parse_str(id).expect("jti is a UUID");
}

/// The claims without those that are null.
fn without_nulls(claims: &Value) -> Value {
    let claims = claims.as_object().expect("the claims are an object").iter();
    let there = claims.filter(|(_, value)| !value.is_null());
    there
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

#[tokio::test]
async fn two_logins_have_different_sessions_and_tokens() {
    let app = spawn_app().await;
    let first = app.log_tom_in().await;
    let second = app.tokens_of_tom().await;
    assert_ne!(first.refresh, second.refresh);
    for claim in ["sid", "jti"] {
        assert_ne!(
            claims(&first.access)[claim],
            claims(&second.access)[claim],
            "{claim}"
        );
    }
}

#[tokio::test]
async fn the_lifetime_of_access_tokens_is_configurable() {
    let app = spawn_app_with("access_token_expire_minutes", "5").await;
    app.register_tom().await;
    let response = app.login(EMAIL, PASSWORD).await;
    assert_eq!(response.json()["expires_in"], 300);
    let claims = claims(&response.field("access_token"));
    let lifetime = claims["exp"].as_i64().zip(claims["iat"].as_i64());
    assert_eq!(lifetime.map(|(end, start)| end - start), Some(300));
}

#[tokio::test]
async fn the_algorithm_of_access_tokens_is_configurable() {
    for (algorithm, key_bytes) in [("HS384", 48), ("HS512", 64)] {
        let setup = Setup::new().with("algorithm", algorithm);
        let setup = setup.with("secret_key", &"k".repeat(key_bytes));
        let app = setup.spawn().await;
        let tokens = app.log_tom_in().await;
        assert_eq!(header(&tokens.access)["alg"], algorithm);
        app.test_data(&tokens.access).await.assert_status(200);
    }
}

#[tokio::test]
async fn the_lifetime_of_a_session_is_configurable() {
    let app = Setup::new()
        .with("refresh_token_expire_days", "3")
        .spawn()
        .await;
    app.log_tom_in().await;
    let lifetime: i64 = app.value("SELECT expires_at - created_at FROM sessions");
    assert_eq!(lifetime, 3 * 24 * 3600);
}

#[tokio::test]
async fn concurrent_logins_all_succeed() {
    let app = spawn_app().await;
    app.register_tom().await;
    let responses = join_all((0..50).map(|_| app.login(EMAIL, PASSWORD))).await;
    for response in responses {
        response.assert_status(200);
    }
    assert_eq!(app.count("sessions"), 50);
}
