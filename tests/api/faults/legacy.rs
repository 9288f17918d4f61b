//! The predecessor's data, put in place: what was issued then works as long as it should, once.

use std::collections::HashSet;

use serde_json::json;

use crate::helpers::api_error::{INVALID_ACCESS_TOKEN, INVALID_REFRESH_TOKEN};
use crate::helpers::app::{App, Setup};
use crate::helpers::flows::{EMAIL, Tokens};
use crate::helpers::time::{SOON, eventually, unix_now};
use crate::helpers::token::{claims, legacy_claims, signed};
use crate::legacy::{DATABASE, USER};

/// Refresh tokens, as it stored them: the second has expired.
const ADD_REFRESH_TOKENS: &str = "
    INSERT INTO refresh_tokens (id, user_id, refresh_token, expires_at) VALUES
        ('1f3b0c9d-52d1-4f0b-9a39-0d2f6f5a7c11', ?1, ?2, '2099-01-01 00:00:00.000000'),
        ('2f3b0c9d-52d1-4f0b-9a39-0d2f6f5a7c11', ?1, ?3, '2025-01-01 00:00:00.000000')";
const NEW_PASSWORD: &str = "battery staple 2";

struct Successor {
    app: App,
    rows_before: Vec<i64>,
    refresh_token: String,
    expired: String,
}

/// A service that took over a database with one user and everything that was issued to him.
async fn spawn_with_legacy_database() -> Successor {
    let setup = Setup::new();
    let mut refresh_claims = legacy_claims(USER);
    refresh_claims["type"] = json!("refresh");
    let refresh_token = signed(&refresh_claims);
    refresh_claims["exp"] = json!(unix_now() - 600);
    let expired = signed(&refresh_claims);
    let database = rusqlite::Connection::open(setup.database_path()).expect("a database");
    database
        .execute_batch(DATABASE)
        .expect("the predecessor's tables");
    let tokens = (USER, &refresh_token, &expired);
    database
        .execute(ADD_REFRESH_TOKENS, tokens)
        .expect("refresh tokens");
    let rows_before = rows(&database);
    drop(database);
    Successor {
        rows_before,
        app: setup.spawn().await,
        refresh_token,
        expired,
    }
}

/// How many rows the predecessor's tables have.
fn rows(database: &rusqlite::Connection) -> Vec<i64> {
    let tables = ["users", "refresh_tokens", "password_reset_tokens"];
    let counts = tables.map(|table| {
        let count = format!("SELECT count(*) FROM {table}");
        database.query_row(&count, [], |row| row.get(0))
    });
    counts.map(|count| count.expect("a count")).into()
}

#[tokio::test]
async fn its_refresh_token_becomes_a_session() {
    let Successor {
        app, refresh_token, ..
    } = spawn_with_legacy_database().await;
    let tokens = Tokens::of(&app.refresh(&refresh_token).await);
    assert_eq!(claims(&tokens.access)["sub"], USER);
    app.test_data(&tokens.access).await.assert_status(200);
    app.refresh(&tokens.refresh).await.assert_status(200);
    assert_eq!(app.count("sessions"), 1);
}

#[tokio::test]
async fn its_refresh_token_used_twenty_times_at_once_becomes_one_session_for_all() {
    let Successor {
        app, refresh_token, ..
    } = spawn_with_legacy_database().await;
    let refreshes = (0..20).map(|_| app.refresh(&refresh_token));
    let answers = futures_util::future::join_all(refreshes).await;
    let successors = answers.iter().map(|answer| Tokens::of(answer).refresh);
    assert_eq!(successors.collect::<HashSet<_>>().len(), 1);
    assert_eq!(app.count("sessions"), 1);
}

#[tokio::test]
async fn its_refresh_token_sent_again_within_seconds_gets_the_same_successor() {
    let Successor {
        app, refresh_token, ..
    } = spawn_with_legacy_database().await;
    let first = Tokens::of(&app.refresh(&refresh_token).await);
    let second = Tokens::of(&app.refresh(&refresh_token).await);
    assert_eq!(first.refresh, second.refresh);
    app.test_data(&second.access).await.assert_status(200);
    app.refresh(&second.refresh).await.assert_status(200);
}

#[tokio::test]
async fn its_refresh_token_sent_again_later_ends_the_session_that_it_became() {
    let Successor {
        app, refresh_token, ..
    } = spawn_with_legacy_database().await;
    let tokens = Tokens::of(&app.refresh(&refresh_token).await);
    app.change("UPDATE sessions SET rotated_at = rotated_at - 11, created_at = created_at - 11");
    app.refresh(&refresh_token)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    assert_ended(&app, &tokens).await;
    let log = app.server.output();
    assert!(
        log.contains("session revoked: refresh token reused"),
        "{log}"
    );
}

#[tokio::test]
async fn its_refresh_token_sent_again_after_its_successor_ends_the_session_at_once() {
    let Successor {
        app, refresh_token, ..
    } = spawn_with_legacy_database().await;
    let tokens = Tokens::of(&app.refresh(&refresh_token).await);
    let tokens = Tokens::of(&app.refresh(&tokens.refresh).await);
    app.refresh(&refresh_token)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    assert_ended(&app, &tokens).await;
}

async fn assert_ended(app: &App, tokens: &Tokens) {
    app.test_data(&tokens.access)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    app.refresh(&tokens.refresh)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    assert_eq!(app.count("sessions"), 0);
}

#[tokio::test]
async fn its_used_refresh_token_logs_out_the_session_that_it_became() {
    let Successor {
        app, refresh_token, ..
    } = spawn_with_legacy_database().await;
    let tokens = Tokens::of(&app.refresh(&refresh_token).await);
    app.logout(&refresh_token).await.assert_status(204);
    assert_ended(&app, &tokens).await;
}

#[tokio::test]
async fn nothing_of_it_is_alive_after_a_refresh_that_raced_a_logout() {
    for _ in 0..10 {
        let Successor {
            app, refresh_token, ..
        } = spawn_with_legacy_database().await;
        let (refreshed, logged_out) =
            tokio::join!(app.refresh(&refresh_token), app.logout(&refresh_token));
        logged_out.assert_status(204);
        if refreshed.status == 200 {
            assert_ended(&app, &Tokens::of(&refreshed)).await;
        }
        app.refresh(&refresh_token)
            .await
            .assert_error(&INVALID_REFRESH_TOKEN);
    }
}

#[tokio::test]
async fn its_expired_refresh_token_does_not_work() {
    let Successor { app, expired, .. } = spawn_with_legacy_database().await;
    app.refresh(&expired)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    assert_eq!(app.count("sessions"), 0);
}

#[tokio::test]
async fn its_refresh_token_can_be_logged_out() {
    let Successor {
        app, refresh_token, ..
    } = spawn_with_legacy_database().await;
    app.logout(&refresh_token).await.assert_status(204);
    app.refresh(&refresh_token)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
}

#[tokio::test]
async fn its_tokens_die_with_the_password() {
    let Successor {
        app, refresh_token, ..
    } = spawn_with_legacy_database().await;
    let access_token = signed(&legacy_claims(USER));
    app.test_data(&access_token).await.assert_status(200);
    let reset_token = app.next_reset_token(EMAIL).await;
    app.reset_password(&reset_token, NEW_PASSWORD)
        .await
        .assert_status(200);
    app.test_data(&access_token)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    app.refresh(&refresh_token)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
}

#[tokio::test]
async fn no_token_in_plain_text_stays_once_it_is_used_or_has_expired() {
    let Successor {
        app,
        rows_before,
        refresh_token,
        expired,
    } = spawn_with_legacy_database().await;
    app.refresh(&refresh_token).await.assert_status(200);
    let stored = "SELECT group_concat(refresh_token) FROM refresh_tokens";
    let is_void = async || {
        let stored: String = app.value(stored);
        (!stored.contains(&refresh_token) && !stored.contains(&expired)).then_some(())
    };
    eventually("the tokens are void", SOON, is_void).await;
    let reset_tokens: String = app.value("SELECT group_concat(token) FROM password_reset_tokens");
    assert!(
        !reset_tokens.contains("a-reset-token-in-plain-text"),
        "{reset_tokens}"
    );
    assert_eq!(rows(&app.database()), rows_before, "tokens go, rows stay");
}
