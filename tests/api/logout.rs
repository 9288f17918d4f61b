//! Logout: ends the session at once.

use futures_util::future::join;
use serde_json::{Value, json};

use crate::helpers::api_error::{INVALID_ACCESS_TOKEN, INVALID_REFRESH_TOKEN};
use crate::helpers::app::spawn_app;
use crate::helpers::flows::{LOGOUT, Tokens};
use crate::helpers::validation::{missing, not_a_string, secret};

#[tokio::test]
async fn a_logout_ends_the_refresh_token_and_the_access_token_at_once() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let response = app.logout(&tokens.refresh).await;
    assert_eq!(response.assert_status(204).text, "");
    app.test_data(&tokens.access)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    app.refresh(&tokens.refresh)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    assert_eq!(app.count("sessions"), 0);
}

#[tokio::test]
async fn a_logout_ends_access_tokens_of_earlier_refreshes_too() {
    let app = spawn_app().await;
    let first = app.log_tom_in().await;
    let second = Tokens::of(&app.refresh(&first.refresh).await);
    app.logout(&second.refresh).await.assert_status(204);
    for access_token in [&first.access, &second.access] {
        app.test_data(access_token)
            .await
            .assert_error(&INVALID_ACCESS_TOKEN);
    }
    for refresh_token in [&first.refresh, &second.refresh] {
        app.refresh(refresh_token)
            .await
            .assert_error(&INVALID_REFRESH_TOKEN);
    }
}

#[tokio::test]
async fn a_logout_with_the_previous_token_ends_the_session_too() {
    let app = spawn_app().await;
    let first = app.log_tom_in().await;
    let second = Tokens::of(&app.refresh(&first.refresh).await);
    app.logout(&first.refresh).await.assert_status(204);
    app.test_data(&second.access)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
}

#[tokio::test]
async fn a_logout_leaves_the_users_other_sessions_alone() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let other = app.tokens_of_tom().await;
    app.logout(&tokens.refresh).await.assert_status(204);
    app.test_data(&other.access).await.assert_status(200);
    app.refresh(&other.refresh).await.assert_status(200);
}

#[tokio::test]
async fn an_unknown_token_gets_the_same_204() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    for token in ["", "nope", "żółw", &tokens.access, &"A".repeat(75)] {
        let response = app.logout(token).await;
        assert_eq!(response.assert_status(204).text, "", "{token}");
    }
    app.logout(&tokens.refresh).await.assert_status(204);
    app.logout(&tokens.refresh).await.assert_status(204);
}

#[tokio::test]
async fn a_logout_that_races_a_refresh_leaves_no_token_valid() {
    let app = spawn_app().await;
    app.register_tom().await;
    for _ in 0..20 {
        let tokens = app.tokens_of_tom().await;
        let (refreshed, out) =
            join(app.refresh(&tokens.refresh), app.logout(&tokens.refresh)).await;
        out.assert_status(204);
        app.test_data(&tokens.access)
            .await
            .assert_error(&INVALID_ACCESS_TOKEN);
        if refreshed.status == 200 {
            let next = Tokens::of(&refreshed);
            app.test_data(&next.access)
                .await
                .assert_error(&INVALID_ACCESS_TOKEN);
            app.refresh(&next.refresh)
                .await
                .assert_error(&INVALID_REFRESH_TOKEN);
        } else {
            refreshed.assert_error(&INVALID_REFRESH_TOKEN);
        }
    }
}

#[tokio::test]
async fn a_body_without_a_token_is_rejected_without_echoing_it() {
    let app = spawn_app().await;
    for (body, error) in [
        (
            json!({"more": 1}),
            missing("refresh_token", json!({"more": 1})),
        ),
        (
            json!({"refresh_token": null}),
            not_a_string("refresh_token", Value::Null),
        ),
        (
            json!({"refresh_token": {}}),
            secret(not_a_string("refresh_token", Value::Null)),
        ),
    ] {
        app.post(LOGOUT, &body).await.assert_invalid(&[error]);
    }
}
