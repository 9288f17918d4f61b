//! Refresh: rotation of single-use tokens, and the response to token reuse.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::helpers::api_error::{INVALID_ACCESS_TOKEN, INVALID_REFRESH_TOKEN};
use crate::helpers::app::{Setup, spawn_app};
use crate::helpers::flows::{REFRESH, Tokens};
use crate::helpers::token::{claims, legacy_claims, signed};
use crate::helpers::validation::{missing, not_a_string, secret};

/// Moves the last rotation back beyond the grace period for retries.
const END_GRACE_PERIOD: &str = "UPDATE sessions SET rotated_at = rotated_at - 11";

#[tokio::test]
async fn a_refresh_returns_the_next_tokens_of_the_same_session() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let response = app.refresh(&tokens.refresh).await;
    let next = Tokens::of(&response);
    response.assert_json(
        200,
        &json!({
            "access_token": next.access,
            "refresh_token": next.refresh,
            "token_type": "bearer",
            "expires_in": 1800,
        }),
    );
    assert_eq!(response.header("cache-control"), Some("no-store"));
    assert_ne!(next.refresh, tokens.refresh);
    for claim in ["sub", "sid"] {
        assert_eq!(claims(&next.access)[claim], claims(&tokens.access)[claim]);
    }
    assert_eq!(app.count("sessions"), 1);
}

#[tokio::test]
async fn both_the_new_tokens_and_the_old_access_token_work_after_a_refresh() {
    let app = spawn_app().await;
    let mut tokens = app.log_tom_in().await;
    for _ in 0..3 {
        let next = Tokens::of(&app.refresh(&tokens.refresh).await);
        app.test_data(&tokens.access).await.assert_status(200);
        app.test_data(&next.access).await.assert_status(200);
        tokens = next;
    }
}

#[tokio::test]
async fn a_retry_within_the_grace_period_gets_the_same_successor() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let first = Tokens::of(&app.refresh(&tokens.refresh).await);
    let second = Tokens::of(&app.refresh(&tokens.refresh).await);
    assert_eq!(first.refresh, second.refresh);
    app.test_data(&second.access).await.assert_status(200);
    app.refresh(&second.refresh).await.assert_status(200);
}

#[tokio::test]
async fn reuse_after_the_grace_period_ends_the_session() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let next = Tokens::of(&app.refresh(&tokens.refresh).await);
    app.change(END_GRACE_PERIOD);
    app.refresh(&tokens.refresh)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    app.refresh(&next.refresh)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    app.test_data(&next.access)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    assert_eq!(app.count("sessions"), 0);
}

#[tokio::test]
async fn reuse_of_a_token_two_rotations_old_ends_the_session_even_at_once() {
    let app = spawn_app().await;
    let first = app.log_tom_in().await;
    let second = Tokens::of(&app.refresh(&first.refresh).await);
    let third = Tokens::of(&app.refresh(&second.refresh).await);
    app.refresh(&first.refresh)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    app.refresh(&third.refresh)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
}

#[tokio::test]
async fn a_rotation_lost_in_a_power_failure_does_not_end_the_session() {
    let app = spawn_app().await;
    let first = app.log_tom_in().await;
    let second = Tokens::of(&app.refresh(&first.refresh).await);
    let third = Tokens::of(&app.refresh(&second.refresh).await);
    app.change("UPDATE sessions SET counter = 0, rotated_at = rotated_at - 60");
    let fourth = Tokens::of(&app.refresh(&third.refresh).await);
    assert_eq!(app.value::<i64>("SELECT counter FROM sessions"), 3);
    app.test_data(&fourth.access).await.assert_status(200);
    app.change(END_GRACE_PERIOD);
    app.refresh(&third.refresh)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    assert_eq!(app.count("sessions"), 0);
}

#[tokio::test]
async fn ending_a_session_leaves_the_users_other_sessions_alone() {
    let app = spawn_app().await;
    let stolen = app.log_tom_in().await;
    let other = app.tokens_of_tom().await;
    app.refresh(&stolen.refresh).await.assert_status(200);
    app.change(END_GRACE_PERIOD);
    app.refresh(&stolen.refresh)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    app.test_data(&other.access).await.assert_status(200);
    app.refresh(&other.refresh).await.assert_status(200);
}

#[tokio::test]
async fn concurrent_refreshes_of_one_token_get_the_same_successor() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let responses = join_all((0..20).map(|_| app.refresh(&tokens.refresh))).await;
    let successors: Vec<_> = responses.iter().map(Tokens::of).collect();
    for successor in &successors {
        assert_eq!(successor.refresh, successors[0].refresh);
        app.test_data(&successor.access).await.assert_status(200);
    }
    assert_eq!(app.value::<i64>("SELECT counter FROM sessions"), 1);
}

#[tokio::test]
async fn an_expired_session_cannot_be_refreshed() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    app.change("UPDATE sessions SET expires_at = unixepoch() - 1");
    app.refresh(&tokens.refresh)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    app.test_data(&tokens.access)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
}

#[tokio::test]
async fn a_refresh_extends_the_session() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    app.change("UPDATE sessions SET expires_at = unixepoch() + 60");
    app.refresh(&tokens.refresh).await.assert_status(200);
    let left: i64 = app.value("SELECT expires_at - unixepoch() FROM sessions");
    assert!((7 * 86400 - 60..=7 * 86400).contains(&left), "{left}");
}

#[tokio::test]
async fn no_refresh_extends_a_session_past_its_maximum() {
    let app = Setup::new().with("session_max_days", "30").spawn().await;
    let tokens = app.log_tom_in().await;
    app.change("UPDATE sessions SET created_at = created_at - 29 * 86400");
    app.refresh(&tokens.refresh).await.assert_status(200);
    let lifetime: i64 = app.value("SELECT expires_at - created_at FROM sessions");
    assert_eq!(lifetime, 30 * 86400);
}

#[tokio::test]
async fn a_malformed_or_foreign_token_is_rejected() {
    let app = spawn_app().await;
    let user = app.register_tom().await;
    let tokens = app.tokens_of_tom().await;
    let mut changed = tokens.refresh.clone();
    let last = changed.pop();
    changed.push(if last == Some('A') { 'Q' } else { 'A' });
    let mut refresh_claims = legacy_claims(&user);
    refresh_claims["type"] = json!("refresh");
    for token in [
        "",
        " ",
        "nope",
        "żółw",
        &tokens.access,
        &changed,
        &tokens.refresh[1..],
        &format!("{}A", tokens.refresh),
        &format!(" {}", tokens.refresh),
        &signed(&refresh_claims),
        &"A".repeat(100_000),
    ] {
        app.refresh(token)
            .await
            .assert_error(&INVALID_REFRESH_TOKEN);
    }
    app.refresh(&tokens.refresh).await.assert_status(200);
}

#[tokio::test]
async fn a_token_signed_with_another_key_is_rejected() {
    let ours = spawn_app().await;
    ours.register_tom().await;
    let theirs = Setup::new()
        .with("secret_key", &"x".repeat(40))
        .spawn()
        .await;
    let tokens = theirs.log_tom_in().await;
    ours.refresh(&tokens.refresh)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
}

#[tokio::test]
async fn the_session_of_a_deleted_user_cannot_be_refreshed() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    app.change("DELETE FROM users");
    app.refresh(&tokens.refresh)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
}

#[tokio::test]
async fn a_body_without_a_token_is_rejected_without_echoing_it() {
    let app = spawn_app().await;
    for (body, error) in [
        (json!({}), missing("refresh_token", json!({}))),
        (
            json!({"more": 1}),
            missing("refresh_token", json!({"more": 1})),
        ),
        (
            json!({"refresh_token": null}),
            not_a_string("refresh_token", Value::Null),
        ),
        (
            json!({"refresh_token": 5}),
            secret(not_a_string("refresh_token", Value::Null)),
        ),
        (
            json!({"refresh_token": ["a"]}),
            secret(not_a_string("refresh_token", Value::Null)),
        ),
    ] {
        app.post(REFRESH, &body).await.assert_invalid(&[error]);
    }
}
