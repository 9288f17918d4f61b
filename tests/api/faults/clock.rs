//! Wrong clocks: half a minute of skew is tolerated, and setting the clock back revives nothing.

use futures_util::future::join_all;
use serde_json::json;

use crate::helpers::api_error::{
    EMAIL_TAKEN, INCORRECT_CREDENTIALS, INVALID_ACCESS_TOKEN, INVALID_CAPTCHA,
    INVALID_REFRESH_TOKEN, INVALID_RESET_TOKEN, TOO_MANY_REQUESTS,
};
use crate::helpers::app::spawn_app;
use crate::helpers::captcha::{builtin_captcha, encoded, signed_challenge, solved};
use crate::helpers::crowd::{address, spawn_throttled_app};
use crate::helpers::flows::{EMAIL, PASSWORD, Tokens, WRONG};
use crate::helpers::time::{SOON, eventually, unix_now};
use crate::helpers::token::{claims, signed};

const NEW_PASSWORD: &str = "battery staple 2";
/// Move all times an hour ahead, which equals setting the clock back by an hour.
const MOVE_SESSION_AHEAD: &str = "UPDATE sessions SET created_at = created_at + 3600, \
                                rotated_at = rotated_at + 3600, expires_at = expires_at + 3600";
const MOVE_RESET_AHEAD: &str = "UPDATE password_reset_tokens SET \
                              created_at = datetime(created_at, '+1 hour'), \
                              expires_at = datetime(expires_at, '+1 hour')";

#[tokio::test]
async fn half_a_minute_of_clock_skew_is_tolerated() {
    let app = spawn_app().await;
    let issued = claims(&app.log_tom_in().await.access);
    let now = unix_now();
    for (issued_at, expires_at, status) in [
        (now + 28, now + 1828, 200),
        (now - 1828, now - 28, 200),
        (now + 90, now + 1890, 401),
        (now - 1890, now - 90, 401),
    ] {
        let mut claims = issued.clone();
        claims["iat"] = json!(issued_at);
        claims["exp"] = json!(expires_at);
        let response = app.test_data(&signed(&claims)).await;
        assert_eq!(response.status, status, "{claims}");
    }
}

/// A request that read the clock earlier than the last counted one, or on a host whose clock is behind.
#[tokio::test]
async fn a_clock_that_is_behind_grants_no_new_burst_of_logins() {
    let app = spawn_throttled_app().await;
    let network = address(1);
    let logins = (0..21).map(|number| {
        let username = format!("user{number}");
        let (app, network) = (&app, &network);
        async move { app.login_from(network, &username, WRONG).await.status }
    });
    let statuses = join_all(logins).await;
    assert!(statuses.contains(&429), "{statuses:?}");
    for behind in [1, 9, 30] {
        app.change(&format!(
            "UPDATE throttle SET full_at = unixepoch() + 60 + {behind} WHERE key LIKE 'login:%'"
        ));
        let response = app.login_from(&network, "user", WRONG).await;
        response.assert_error(&TOO_MANY_REQUESTS);
    }
    app.change("UPDATE throttle SET full_at = unixepoch() + 120 WHERE key LIKE 'login:%'");
    let response = app.login_from(&network, "user", WRONG).await;
    response.assert_error(&INCORRECT_CREDENTIALS);
}

#[tokio::test]
async fn a_clock_that_is_behind_grants_strangers_no_new_burst_of_guesses() {
    let app = spawn_throttled_app().await;
    app.register_tom().await;
    app.login_from(&address(1), EMAIL, WRONG)
        .await
        .assert_status(401);
    for behind in [1, 9, 30] {
        app.change(&format!(
            "UPDATE password_guesses SET full_at = unixepoch() + 1800 + {behind}"
        ));
        let response = app.login_from(&address(2), EMAIL, WRONG).await;
        response.assert_error(&TOO_MANY_REQUESTS);
    }
}

#[tokio::test]
async fn setting_the_clock_back_revives_no_refresh_token() {
    let app = spawn_app().await;
    let first = app.log_tom_in().await;
    let second = Tokens::of(&app.refresh(&first.refresh).await);
    app.change(MOVE_SESSION_AHEAD);
    app.refresh(&first.refresh)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    app.refresh(&second.refresh)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    app.test_data(&second.access)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
}

#[tokio::test]
async fn the_current_session_survives_setting_the_clock_back() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    app.change(MOVE_SESSION_AHEAD);
    app.test_data(&tokens.access).await.assert_status(200);
    let next = Tokens::of(&app.refresh(&tokens.refresh).await);
    app.test_data(&next.access).await.assert_status(200);
}

#[tokio::test]
async fn setting_the_clock_back_revives_no_reset_token() {
    let app = spawn_app().await;
    app.register_tom().await;
    let superseded = app.next_reset_token(EMAIL).await;
    let used = app.next_reset_token(EMAIL).await;
    app.reset_password(&used, NEW_PASSWORD)
        .await
        .assert_status(200);
    app.change(MOVE_RESET_AHEAD);
    for token in [used, superseded] {
        app.reset_password(&token, PASSWORD)
            .await
            .assert_error(&INVALID_RESET_TOKEN);
    }
}

#[tokio::test]
async fn setting_the_clock_back_revives_no_session() {
    let app = spawn_app().await;
    let logged_out = app.log_tom_in().await;
    app.logout(&logged_out.refresh).await.assert_status(204);
    let reset = app.tokens_of_tom().await;
    let token = app.next_reset_token(EMAIL).await;
    app.reset_password(&token, NEW_PASSWORD)
        .await
        .assert_status(200);
    app.change("UPDATE users SET updated_at = datetime(updated_at, '+1 hour')");
    for tokens in [logged_out, reset] {
        app.test_data(&tokens.access)
            .await
            .assert_error(&INVALID_ACCESS_TOKEN);
        app.refresh(&tokens.refresh)
            .await
            .assert_error(&INVALID_REFRESH_TOKEN);
    }
}

#[tokio::test]
async fn setting_the_clock_back_by_less_than_a_day_revives_no_captcha_answer() {
    let app = builtin_captcha().spawn().await;
    let old = signed_challenge(500);
    let answers = [encoded(&solved(&old)), app.captcha_answer().await];
    app.register_with_answer(&answers[0])
        .await
        .assert_status(201);
    app.register_with_answer(&answers[1])
        .await
        .assert_error(&EMAIL_TAKEN);
    // Only rows that expired more than a day ago are deleted, whatever the clock shows now.
    app.change("UPDATE used_challenges SET expires_at = unixepoch() - 86000");
    app.change(&format!(
        "UPDATE used_challenges SET expires_at = unixepoch() - 86401 WHERE nonce = {}",
        old["parameters"]["nonce"].to_string().replace('"', "'")
    ));
    app.forgot_password(EMAIL).await.assert_status(202);
    let is_cleared = async || (app.count("used_challenges") == 1).then_some(());
    eventually("the older one is deleted", SOON, is_cleared).await;
    app.register_with_answer(&answers[1])
        .await
        .assert_error(&INVALID_CAPTCHA);
}
