//! Legacy tokens after an adoption: each is accepted once and only while it is valid.

use std::collections::HashSet;

use serde_json::json;

use crate::helpers::api_error::{INVALID_ACCESS_TOKEN, INVALID_REFRESH_TOKEN};
use crate::helpers::app::{App, Setup};
use crate::helpers::flows::{EMAIL, Tokens};
use crate::helpers::time::{SOON, eventually, unix_now};
use crate::helpers::token::{claims, legacy_claims, signed};
use crate::legacy::{DATABASE, USER};

/// Legacy refresh tokens, the second of which has expired.
const ADD_REFRESH_TOKENS: &str = "
    INSERT INTO refresh_tokens (id, user_id, refresh_token, expires_at) VALUES
        ('1f3b0c9d-52d1-4f0b-9a39-0d2f6f5a7c11', ?1, ?2, '2099-01-01 00:00:00.000000'),
        ('2f3b0c9d-52d1-4f0b-9a39-0d2f6f5a7c11', ?1, ?3, '2025-01-01 00:00:00.000000')";
const NEW_PASSWORD: &str = "battery staple 2";

struct Adopted {
    app: App,
    rows_before: Vec<i64>,
    refresh_token: String,
    expired: String,
}

/// Starts a service that adopts a database with one user and all kinds of legacy tokens.
async fn spawn_with_legacy_database() -> Adopted {
    let setup = Setup::new();
    let mut refresh_claims = legacy_claims(USER);
    refresh_claims["type"] = json!("refresh");
    let refresh_token = signed(&refresh_claims);
    refresh_claims["exp"] = json!(unix_now() - 600);
    let expired = signed(&refresh_claims);
    let database = rusqlite::Connection::open(setup.database_path()).expect("a database");
    database.execute_batch(DATABASE).expect("the legacy schema");
    let tokens = (USER, &refresh_token, &expired);
    database
        .execute(ADD_REFRESH_TOKENS, tokens)
        .expect("refresh tokens");
    let rows_before = rows(&database);
    drop(database);
    Adopted {
        rows_before,
        app: setup.spawn().await,
        refresh_token,
        expired,
    }
}

/// The number of rows in each legacy table.
fn rows(database: &rusqlite::Connection) -> Vec<i64> {
    let tables = ["users", "refresh_tokens", "password_reset_tokens"];
    let counts = tables.map(|table| {
        let count = format!("SELECT count(*) FROM {table}");
        database.query_row(&count, [], |row| row.get(0))
    });
    counts.map(|count| count.expect("a count")).into()
}

#[tokio::test]
async fn a_legacy_refresh_token_becomes_a_session() {
    let Adopted {
        app, refresh_token, ..
    } = spawn_with_legacy_database().await;
    let tokens = Tokens::of(&app.refresh(&refresh_token).await);
    assert_eq!(claims(&tokens.access)["sub"], USER);
    app.test_data(&tokens.access).await.assert_status(200);
    app.refresh(&tokens.refresh).await.assert_status(200);
    assert_eq!(app.count("sessions"), 1);
}

#[tokio::test]
async fn twenty_concurrent_refreshes_of_a_legacy_token_get_one_session() {
    let Adopted {
        app, refresh_token, ..
    } = spawn_with_legacy_database().await;
    let refreshes = (0..20).map(|_| app.refresh(&refresh_token));
    let responses = futures_util::future::join_all(refreshes).await;
    let successors = responses
        .iter()
        .map(|response| Tokens::of(response).refresh);
    assert_eq!(successors.collect::<HashSet<_>>().len(), 1);
    assert_eq!(app.count("sessions"), 1);
}

#[tokio::test]
async fn a_retry_of_a_legacy_refresh_token_gets_the_same_successor() {
    let Adopted {
        app, refresh_token, ..
    } = spawn_with_legacy_database().await;
    let first = Tokens::of(&app.refresh(&refresh_token).await);
    let second = Tokens::of(&app.refresh(&refresh_token).await);
    assert_eq!(first.refresh, second.refresh);
    app.test_data(&second.access).await.assert_status(200);
    app.refresh(&second.refresh).await.assert_status(200);
}

#[tokio::test]
async fn late_reuse_of_a_legacy_refresh_token_ends_its_session() {
    let Adopted {
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
async fn reuse_of_a_legacy_refresh_token_after_its_successor_ends_the_session_at_once() {
    let Adopted {
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
async fn a_used_legacy_refresh_token_logs_out_its_session() {
    let Adopted {
        app, refresh_token, ..
    } = spawn_with_legacy_database().await;
    let tokens = Tokens::of(&app.refresh(&refresh_token).await);
    app.logout(&refresh_token).await.assert_status(204);
    assert_ended(&app, &tokens).await;
}

#[tokio::test]
async fn a_refresh_that_races_a_logout_leaves_no_token_of_a_legacy_session_valid() {
    for _ in 0..10 {
        let Adopted {
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
async fn an_expired_legacy_refresh_token_does_not_work() {
    let Adopted { app, expired, .. } = spawn_with_legacy_database().await;
    app.refresh(&expired)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
    assert_eq!(app.count("sessions"), 0);
}

#[tokio::test]
async fn a_legacy_refresh_token_can_be_logged_out() {
    let Adopted {
        app, refresh_token, ..
    } = spawn_with_legacy_database().await;
    app.logout(&refresh_token).await.assert_status(204);
    app.refresh(&refresh_token)
        .await
        .assert_error(&INVALID_REFRESH_TOKEN);
}

#[tokio::test]
async fn a_password_reset_ends_legacy_tokens() {
    let Adopted {
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
async fn no_used_or_expired_plain_text_token_stays_in_the_database() {
    let Adopted {
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
    assert_eq!(
        rows(&app.database()),
        rows_before,
        "the rows stay, without their tokens"
    );
}
