//! The current user: the user of the access token, with their current data.

use reqwest::Method;
use serde_json::json;

use crate::helpers::api_error::{
    DB_ERROR, INVALID_ACCESS_TOKEN, METHOD_NOT_ALLOWED, NOT_AUTHENTICATED,
};
use crate::helpers::app::{App, Setup, spawn_app};
use crate::helpers::flows::{EMAIL, ME, PASSWORD, Tokens, USERNAME, registration};
use crate::helpers::response::Response;
use crate::legacy::{USER, spawn_with_legacy_database};

async fn me(app: &App, access_token: &str) -> Response {
    Response::to(app.request(Method::GET, ME).bearer_auth(access_token)).await
}

#[tokio::test]
async fn it_returns_the_same_user_as_the_registration() {
    let app = spawn_app().await;
    let mut registered = app.register(&registration()).await.json();
    registered["email_verified"] = false.into();
    registered["mfa"] = false.into();
    let tokens = app.tokens_of_tom().await;
    let response = me(&app, &tokens.access).await;
    response.assert_json(200, &registered);
    assert_eq!(response.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn it_returns_changes_made_since_the_token_was_issued() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    app.change(
        "UPDATE users SET email = 'new@example.com', username = 'Tommy', \
         email_verified_at = '2026-01-01 00:00:00', account_role = 'MODERATOR', account_subscription = 'PRO', \
         subscription_expires_at = '2031-02-03 04:05:06'",
    );
    let user = me(&app, &tokens.access).await.json();
    assert_eq!(user["email"], "new@example.com");
    assert_eq!(user["username"], "Tommy");
    assert_eq!(user["email_verified"], true);
    assert_eq!(user["account_role"], "MODERATOR");
    assert_eq!(user["account_subscription"], "PRO");
    assert_eq!(user["subscription_expires_at"], "2031-02-03T04:05:06Z");
}

#[tokio::test]
async fn it_reads_timestamps_written_by_the_legacy_service() {
    let app = spawn_with_legacy_database().await;
    let tokens = Tokens::of(&app.login(EMAIL, PASSWORD).await);
    me(&app, &tokens.access).await.assert_json(
        200,
        &json!({
            "email": EMAIL,
            "username": USERNAME,
            "id": USER,
            "account_role": "ADMIN",
            "account_subscription": "PRO",
            "subscription_expires_at": "2030-01-01T00:00:00Z",
            "created_at": "2025-03-04T05:06:07Z",
            "email_verified": false,
            "mfa": false,
        }),
    );
}

#[tokio::test]
async fn corrupt_user_data_is_an_error() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    for (corrupt, mended) in [
        (
            "subscription_expires_at = 'soon'",
            "subscription_expires_at = NULL",
        ),
        ("created_at = 'once'", "created_at = '2026-01-01 00:00:00'"),
        ("account_role = 'KING'", "account_role = 'REGULAR'"),
    ] {
        app.change(&format!("UPDATE users SET {corrupt}"));
        me(&app, &tokens.access).await.assert_error(&DB_ERROR);
        app.change(&format!("UPDATE users SET {mended}"));
    }
    let log = app.server.output();
    assert!(log.contains("holds something unexpected"), "{log}");
    me(&app, &tokens.access).await.assert_status(200);
}

#[tokio::test]
async fn each_token_returns_only_its_own_user() {
    let app = spawn_app().await;
    let tom = app.log_tom_in().await;
    let eve = json!({
        "email": "eve@example.com",
        "username": "Eve",
        "password": PASSWORD,
        "captcha_id": "5f2b7c1e-8a57-4c5e-9f5c-0d8a3a9c3b11",
        "captcha_answer": "7XK2P",
    });
    app.register(&eve).await.assert_status(201);
    let eve = Tokens::of(&app.login("eve", PASSWORD).await);
    assert_eq!(me(&app, &tom.access).await.field("username"), USERNAME);
    assert_eq!(me(&app, &eve.access).await.field("username"), "Eve");
}

#[tokio::test]
async fn without_a_token_it_is_unauthorized() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    app.get(ME).await.assert_error(&NOT_AUTHENTICATED);
    let in_query = format!("{ME}?access_token={}", tokens.access);
    app.get(&in_query).await.assert_error(&NOT_AUTHENTICATED);
    for token in ["x", "a.b.c", &tokens.refresh] {
        me(&app, token).await.assert_error(&INVALID_ACCESS_TOKEN);
    }
}

#[tokio::test]
async fn it_is_unauthorized_after_a_logout_a_reset_or_the_deletion_of_the_user() {
    let app = spawn_app().await;
    let logged_out = app.log_tom_in().await;
    app.logout(&logged_out.refresh).await.assert_status(204);
    let reset = app.tokens_of_tom().await;
    let token = app.reset_token(1).await;
    app.reset_password(&token, PASSWORD)
        .await
        .assert_status(200);
    let deleted = app.tokens_of_tom().await;
    me(&app, &deleted.access).await.assert_status(200);
    app.change("DELETE FROM users");
    for tokens in [logged_out, reset, deleted] {
        me(&app, &tokens.access)
            .await
            .assert_error(&INVALID_ACCESS_TOKEN);
    }
}

#[tokio::test]
async fn it_takes_no_other_methods() {
    let app = Setup::new().spawn().await;
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let response = Response::to(app.request(method, ME)).await;
        response.assert_error(&METHOD_NOT_ALLOWED);
        assert_eq!(response.header("allow"), Some("GET,HEAD,PATCH"));
    }
}
