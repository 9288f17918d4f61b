//! Reset tokens: valid once, for some minutes, for one user, and for nothing else.

use futures_util::future::join_all;

use crate::helpers::api_error::{
    INCORRECT_CREDENTIALS, INVALID_ACCESS_TOKEN, INVALID_REFRESH_TOKEN, INVALID_RESET_TOKEN,
};
use crate::helpers::app::{spawn_app, spawn_app_with};
use crate::helpers::flows::{EMAIL, PASSWORD, RESET_PASSWORD, registration_of, token_in};

const NEW_PASSWORD: &str = "battery staple 2";

#[tokio::test]
async fn a_token_is_valid_once() {
    let app = spawn_app().await;
    app.register_tom().await;
    let token = app.reset_token(1).await;
    app.reset_password(&token, NEW_PASSWORD)
        .await
        .assert_status(200);
    app.reset_password(&token, "another one 3")
        .await
        .assert_error(&INVALID_RESET_TOKEN);
    app.login(EMAIL, NEW_PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn opening_the_link_does_not_use_the_token() {
    let app = spawn_app().await;
    app.register_tom().await;
    let token = app.reset_token(1).await;
    let opened = app
        .get(&format!("/auth/reset-password?token={token}"))
        .await;
    opened.assert_status(200);
    let opened = app.get(&format!("{RESET_PASSWORD}?token={token}")).await;
    opened.assert_status(405);
    app.reset_password(&token, NEW_PASSWORD)
        .await
        .assert_status(200);
}

#[tokio::test]
async fn a_rejected_password_does_not_use_the_token() {
    let app = spawn_app().await;
    app.register_tom().await;
    let token = app.reset_token(1).await;
    app.reset_password(&token, "abc").await.assert_status(422);
    app.reset_password(&token, NEW_PASSWORD)
        .await
        .assert_status(200);
}

#[tokio::test]
async fn a_newer_token_replaces_the_older_ones() {
    let app = spawn_app().await;
    app.register_tom().await;
    let first = app.reset_token(1).await;
    let second = app.reset_token(2).await;
    assert_ne!(first, second);
    app.reset_password(&first, NEW_PASSWORD)
        .await
        .assert_error(&INVALID_RESET_TOKEN);
    app.reset_password(&second, NEW_PASSWORD)
        .await
        .assert_status(200);
}

#[tokio::test]
async fn a_token_of_one_user_does_not_affect_those_of_others() {
    let app = spawn_app().await;
    app.register_tom().await;
    app.register(&registration_of("ann@example.com", "ann"))
        .await
        .assert_status(201);
    let toms = app.reset_token(1).await;
    app.forgot_password("ann@example.com")
        .await
        .assert_status(202);
    let anns = token_in(&app.mail(2).await);
    app.reset_password(&toms, NEW_PASSWORD)
        .await
        .assert_status(200);
    app.login("ann", PASSWORD).await.assert_status(200);
    app.reset_password(&anns, NEW_PASSWORD)
        .await
        .assert_status(200);
    app.login("ann", NEW_PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn an_expired_token_is_rejected() {
    let app = spawn_app().await;
    app.register_tom().await;
    let token = app.reset_token(1).await;
    app.change("UPDATE password_reset_tokens SET expires_at = datetime('now', '-1 second')");
    app.reset_password(&token, NEW_PASSWORD)
        .await
        .assert_error(&INVALID_RESET_TOKEN);
    app.login(EMAIL, PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn the_lifetime_of_a_token_is_configurable() {
    let app = spawn_app_with("reset_token_expire_minutes", "7").await;
    app.register_tom().await;
    let mail_text = {
        app.forgot_password(EMAIL).await.assert_status(202);
        app.mail(1).await.json()["text"].to_string()
    };
    let lifetime: i64 = app
        .value("SELECT unixepoch(expires_at) - unixepoch(created_at) FROM password_reset_tokens");
    assert_eq!(lifetime, 7 * 60);
    assert!(mail_text.contains("7 minutes"), "{mail_text}");
}

#[tokio::test]
async fn a_malformed_token_is_rejected() {
    let app = spawn_app().await;
    app.register_tom().await;
    let tokens = app.tokens_of_tom().await;
    let token = app.reset_token(1).await;
    let stored: String = app.value("SELECT token FROM password_reset_tokens");
    let id: String = app.value("SELECT id FROM password_reset_tokens");
    for wrong in [
        "",
        "nope",
        "żółw",
        "%",
        &stored,
        &id,
        &tokens.access,
        &tokens.refresh,
        &token[1..],
        &format!("{token}A"),
        &format!("{token} "),
        &"A".repeat(100_000),
    ] {
        app.reset_password(wrong, NEW_PASSWORD)
            .await
            .assert_error(&INVALID_RESET_TOKEN);
    }
    app.reset_password(&token, NEW_PASSWORD)
        .await
        .assert_status(200);
}

#[tokio::test]
async fn a_reset_token_is_valid_for_nothing_else() {
    let app = spawn_app().await;
    app.register_tom().await;
    let token = app.reset_token(1).await;
    app.test_data(&token)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    app.refresh(&token)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
}

#[tokio::test]
async fn one_of_many_concurrent_resets_with_one_token_wins_and_only_its_password_works() {
    let app = spawn_app().await;
    app.register_tom().await;
    let token = app.reset_token(1).await;
    let passwords: Vec<_> = (0..20)
        .map(|number| format!("{NEW_PASSWORD}{number}"))
        .collect();
    let resets = passwords
        .iter()
        .map(|password| app.reset_password(&token, password));
    let responses = join_all(resets).await;
    let (winners, losers): (Vec<_>, Vec<_>) = passwords
        .iter()
        .zip(&responses)
        .partition(|(_, response)| response.status == 200);
    assert_eq!(winners.len(), 1);
    for (password, response) in losers {
        response.assert_error(&INVALID_RESET_TOKEN);
        app.login(EMAIL, password)
            .await
            .assert_error(&INCORRECT_CREDENTIALS);
    }
    app.login(EMAIL, winners[0].0).await.assert_status(200);
}
