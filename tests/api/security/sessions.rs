//! Sessions: rotated tokens are valid once, and ending a session ends all its tokens at once.

use futures_util::future::join_all;
use serde_json::json;

use crate::helpers::api_error::{INVALID_ACCESS_TOKEN, INVALID_REFRESH_TOKEN, INVALID_RESET_TOKEN};
use crate::helpers::app::{App, spawn_app};
use crate::helpers::flows::{EMAIL, PASSWORD, Tokens, reset_token_in};
use crate::helpers::tally::rounds;
use crate::helpers::time::{SOON, eventually};
use crate::security::races;

const NEW_PASSWORD: &str = "battery staple 2";
/// Moves the last rotation back beyond the grace period for retries.
const END_GRACE_PERIOD: &str = "UPDATE sessions SET rotated_at = rotated_at - 11";

async fn assert_dead(app: &App, tokens: &Tokens) {
    app.test_data(&tokens.access)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    app.refresh(&tokens.refresh)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
}

#[tokio::test]
async fn twenty_concurrent_refreshes_of_one_token_get_one_valid_successor() {
    races::refreshes_of_one_token(rounds())
        .await
        .assert_no_failures();
}

#[tokio::test]
async fn a_refresh_that_races_a_logout_leaves_no_token_valid() {
    races::refresh_and_logout(rounds() * 5)
        .await
        .assert_no_failures();
}

#[tokio::test]
async fn a_refresh_that_races_a_reset_leaves_no_token_valid() {
    races::refresh_and_reset(rounds() * 5)
        .await
        .assert_no_failures();
}

#[tokio::test]
async fn a_lost_response_can_be_requested_again() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let lost = Tokens::of(&app.refresh(&tokens.refresh).await);
    let retried = Tokens::of(&app.refresh(&tokens.refresh).await);
    assert_eq!(lost.refresh, retried.refresh);
    for token in [&tokens, &lost, &retried] {
        app.test_data(&token.access).await.assert_status(200);
    }
}

#[tokio::test]
async fn reuse_of_an_old_token_ends_the_whole_session() {
    for rotations in [1, 2, 5] {
        let app = spawn_app().await;
        let first = app.log_tom_in().await;
        let mut last = first.clone();
        for _ in 0..rotations {
            last = Tokens::of(&app.refresh(&last.refresh).await);
        }
        app.change(END_GRACE_PERIOD);
        assert_dead_after_reuse(&app, &first, &last).await;
    }
}

async fn assert_dead_after_reuse(app: &App, first: &Tokens, last: &Tokens) {
    app.refresh(&first.refresh)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    assert_dead(app, last).await;
    app.test_data(&first.access)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    assert_eq!(app.count("sessions"), 0);
}

#[tokio::test]
async fn a_login_with_the_old_password_that_races_a_reset_leaves_no_token_valid() {
    races::login_and_reset(rounds() * 2)
        .await
        .assert_no_failures();
}

#[tokio::test]
async fn after_a_logout_both_tokens_are_invalid() {
    let app = spawn_app().await;
    let first = app.log_tom_in().await;
    let second = Tokens::of(&app.refresh(&first.refresh).await);
    app.logout(&second.refresh).await.assert_status(204);
    assert_dead(&app, &first).await;
    assert_dead(&app, &second).await;
}

#[tokio::test]
async fn after_a_reset_every_token_is_invalid_and_the_owner_is_notified() {
    let app = spawn_app().await;
    let sessions = [
        app.log_tom_in().await,
        app.tokens_of_tom().await,
        app.tokens_of_tom().await,
    ];
    let superseded = app.next_reset_token(EMAIL).await;
    let used = app.next_reset_token(EMAIL).await;
    app.mail_provider.clear();
    let response = app.reset_password(&used, NEW_PASSWORD).await;
    response.assert_json(
        200,
        &json!({"message": "Password has been reset successfully"}),
    );
    assert_eq!(response.header("set-cookie"), None);
    for tokens in &sessions {
        assert_dead(&app, tokens).await;
    }
    for token in [superseded, used] {
        app.reset_password(&token, PASSWORD)
            .await
            .assert_error(&INVALID_RESET_TOKEN);
    }
    assert_eq!(app.count("sessions"), 0, "the reset started a session");
    let notice = app.mail(1).await;
    assert_eq!(notice.json()["to"], json!([EMAIL]));
    assert_eq!(reset_token_in(&notice), None);
    assert!(!notice.json().to_string().contains(NEW_PASSWORD));
}

#[tokio::test]
async fn only_one_of_many_concurrently_requested_links_works_and_only_once() {
    let app = spawn_app().await;
    app.register_tom().await;
    join_all((0..20).map(|_| app.forgot_password(EMAIL))).await;
    let outbox_is_empty = async || (app.count("outbox") == 0).then_some(());
    eventually("all mail is sent", SOON, outbox_is_empty).await;
    let mails = app.mail_provider.received();
    let tokens: Vec<_> = mails.iter().filter_map(reset_token_in).collect();
    let mut worked = 0;
    for token in tokens.iter().chain(&tokens) {
        worked += usize::from(app.reset_password(token, NEW_PASSWORD).await.status == 200);
    }
    assert_eq!(worked, 1, "of {} links", tokens.len());
}
