//! The current session: the session of the access token, its user, and whether the address is verified.

use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::api_error::{DB_ERROR, INVALID_ACCESS_TOKEN, NOT_AUTHENTICATED};
use crate::helpers::app::{App, spawn_app};
use crate::helpers::flows::{EMAIL, PASSWORD, SESSION, Tokens, USERNAME};
use crate::helpers::token::{claims, legacy_claims, signed};
use crate::legacy::{USER, spawn_with_legacy_database};

async fn is_verified(app: &App, tokens: &Tokens) -> bool {
    let session = app.session(&tokens.access).await.json();
    session["email_verified"].as_bool().expect("a boolean")
}

#[tokio::test]
async fn it_names_the_session_and_its_user() {
    let app = spawn_app().await;
    let user = app.register_tom().await;
    let tokens = app.tokens_of_tom().await;
    let response = app.session(&tokens.access).await;
    response.assert_json(
        200,
        &json!({
            "session_id": claims(&tokens.access)["sid"],
            "user_id": user,
            "username": USERNAME,
            "email": EMAIL,
            "email_verified": false,
            "account_role": "REGULAR",
            "account_subscription": "FREE",
        }),
    );
    assert_eq!(response.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn its_headers_say_the_same_and_head_returns_them_alone() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    app.change("UPDATE users SET username = 'Żółć', email_verified_at = '2026-01-01 00:00:00'");
    let body = app.session(&tokens.access).await.json();
    for method in [Method::GET, Method::HEAD] {
        let request = app.request(method.clone(), SESSION);
        let request = request.bearer_auth(&tokens.access);
        let response = request.send().await.expect("a response");
        assert_eq!(response.status(), 200);
        for (header, field) in [
            ("x-gatehouse-user-id", "user_id"),
            ("x-gatehouse-username", "username"),
            ("x-gatehouse-email", "email"),
            ("x-gatehouse-email-verified", "email_verified"),
            ("x-gatehouse-role", "account_role"),
            ("x-gatehouse-subscription", "account_subscription"),
            ("x-gatehouse-session", "session_id"),
        ] {
            let value = String::from_utf8_lossy(response.headers()[header].as_bytes());
            let expected = body[field]
                .as_str()
                .map_or(body[field].to_string(), str::to_owned);
            assert_eq!(value, expected, "{method} {header}");
        }
        let text = response.text().await.expect("a readable response");
        assert_eq!(text.is_empty(), method == Method::HEAD);
    }
}

#[tokio::test]
async fn a_refusal_and_a_legacy_token_have_no_session_header() {
    let app = spawn_with_legacy_database().await;
    let refused = app.session("invalid").await;
    assert!(
        refused
            .headers
            .keys()
            .all(|name| !name.as_str().starts_with("x-gatehouse-"))
    );
    let legacy = app.session(&signed(&legacy_claims(USER))).await;
    assert_eq!(legacy.header("x-gatehouse-user-id"), Some(USER));
    assert_eq!(legacy.header("x-gatehouse-session"), None);
}

#[tokio::test]
async fn it_tells_what_is_stored_now() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    app.change(
        "UPDATE users SET email = 'new@example.com', username = 'Tommy', \
         account_role = 'ADMIN', account_subscription = 'PRO'",
    );
    let session = app.session(&tokens.access).await.json();
    assert_eq!(session["email"], "new@example.com");
    assert_eq!(session["username"], "Tommy");
    assert_eq!(session["account_role"], "ADMIN");
    assert_eq!(session["account_subscription"], "PRO");
}

#[tokio::test]
async fn it_ends_with_the_session() {
    let app = spawn_app().await;
    app.get(SESSION).await.assert_error(&NOT_AUTHENTICATED);
    app.register_tom().await;
    for end in [
        "UPDATE sessions SET expires_at = unixepoch() - 1",
        "DELETE FROM sessions",
        "UPDATE users SET disabled_at = unixepoch()",
    ] {
        let tokens = app.tokens_of_tom().await;
        app.session(&tokens.access).await.assert_status(200);
        app.change(end);
        let response = app.session(&tokens.access).await;
        response.assert_error(&INVALID_ACCESS_TOKEN);
    }
}

#[tokio::test]
async fn a_legacy_access_token_has_no_session() {
    let app = spawn_with_legacy_database().await;
    let token = signed(&legacy_claims(USER));
    let legacy = app.session(&token).await.json();
    assert_eq!(legacy["session_id"], Value::Null);
    assert_eq!(legacy["user_id"], USER);
    assert_eq!(legacy["email_verified"], false);
    app.change("UPDATE users SET disabled_at = unixepoch()");
    app.session(&token)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
}

#[tokio::test]
async fn corrupt_user_data_is_an_error() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    app.change("UPDATE users SET account_subscription = 'GOLD'");
    app.session(&tokens.access).await.assert_error(&DB_ERROR);
}

#[tokio::test]
async fn a_password_reset_verifies_the_address_once() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let reset_token = app.next_reset_token(EMAIL).await;
    assert!(
        !is_verified(&app, &tokens).await,
        "a requested link verifies nothing"
    );
    app.reset_password("nope", PASSWORD)
        .await
        .assert_status(400);
    assert!(
        !is_verified(&app, &tokens).await,
        "nor does a refused reset"
    );
    app.reset_password(&reset_token, PASSWORD)
        .await
        .assert_status(200);
    assert!(is_verified(&app, &app.tokens_of_tom().await).await);

    let first = "2026-01-02 03:04:05";
    app.change(&format!("UPDATE users SET email_verified_at = '{first}'"));
    let reset_token = app.next_reset_token(EMAIL).await;
    app.reset_password(&reset_token, PASSWORD)
        .await
        .assert_status(200);
    let stored: String = app.value("SELECT email_verified_at FROM users");
    assert_eq!(stored, first);
}

#[tokio::test]
async fn the_time_of_the_verification_has_the_format_of_the_other_times() {
    let app = spawn_app().await;
    app.register_tom().await;
    let reset_token = app.next_reset_token(EMAIL).await;
    app.reset_password(&reset_token, PASSWORD)
        .await
        .assert_status(200);
    let is_same: bool = app.value("SELECT email_verified_at = updated_at FROM users");
    assert!(is_same);
}
