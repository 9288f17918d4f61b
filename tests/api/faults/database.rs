//! A locked database: requests wait for a while, then fail with a 503 and leave no partial write.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::helpers::api_error::{
    DB_LOCKED, INVALID_ACCESS_TOKEN, INVALID_REFRESH_TOKEN, INVALID_RESET_TOKEN,
};
use crate::helpers::app::{App, spawn_app_with};
use crate::helpers::flows::{EMAIL, PASSWORD, Tokens, registration_of};
use crate::helpers::response::Response;
use crate::helpers::time::{SOON, eventually};
use crate::helpers::token::{legacy_claims, signed};

/// The time that a statement waits for a lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const NEW_PASSWORD: &str = "battery staple 2";

/// The tokens that clients hold when the database is locked.
struct Held {
    refreshed: Tokens,
    logged_out: Tokens,
    reset_token: String,
}

async fn spawn_app_in_use() -> (App, Held) {
    let app = spawn_app_with("throttle", "on").await;
    let refreshed = app.log_tom_in().await;
    let held = Held {
        refreshed,
        logged_out: app.tokens_of_tom().await,
        reset_token: app.next_reset_token(EMAIL).await,
    };
    (app, held)
}

/// Locks the database for this time.
async fn lock_for(app: &App, time: Duration) {
    let other = lock(app);
    tokio::time::sleep(time).await;
    unlock(&other);
}

fn lock(app: &App) -> Connection {
    let other = app.database();
    other
        .execute_batch("BEGIN IMMEDIATE")
        .expect("the database locks");
    other
}

fn unlock(other: &Connection) {
    other.execute_batch("COMMIT").expect("the database unlocks");
}

/// Sends every kind of writing request concurrently.
async fn write_everything(app: &App, held: &Held) -> [Response; 7] {
    let late = registration_of("late@example.com", "late");
    let responses = tokio::join!(
        app.register(&late),
        app.login(EMAIL, PASSWORD),
        app.login(EMAIL, "wrong password 1"),
        app.refresh(&held.refreshed.refresh),
        app.logout(&held.logged_out.refresh),
        app.forgot_password("late@example.com"),
        app.reset_password(&held.reset_token, NEW_PASSWORD),
    );
    responses.into()
}

/// The contents of all tables that requests write to, as text.
fn contents(app: &App) -> Vec<String> {
    let tables = [
        ("users", "id || email || hashed_password || updated_at"),
        ("sessions", "id || counter || rotated_at || expires_at"),
        ("password_reset_tokens", "id || token || is_used"),
    ];
    let texts = tables.map(|(table, columns)| {
        app.value(&format!(
            "SELECT coalesce(group_concat({columns}), '') FROM {table}"
        ))
    });
    texts.into()
}

/// A measure that grows with every counted attempt, and shrinks when expired limits are deleted.
fn attempts(app: &App) -> i64 {
    app.value("SELECT coalesce(sum(full_at), 0) FROM throttle")
}

#[tokio::test]
async fn requests_wait_for_a_lock_of_a_second() {
    let (app, held) = spawn_app_in_use().await;
    let lock = lock_for(&app, Duration::from_secs(1));
    let (responses, ()) = tokio::join!(write_everything(&app, &held), lock);
    let statuses = responses.map(|response| response.status);
    // The reset may run before or after the logins and the refresh.
    assert!(
        matches!(statuses, [201, 200 | 401, 401, 200 | 401, 204, 202, 200]),
        "{statuses:?}"
    );
}

#[tokio::test]
async fn a_lock_of_eight_seconds_gets_a_503_and_leaves_no_trace() {
    let (app, held) = spawn_app_in_use().await;
    let before = contents(&app);
    let counted = attempts(&app);
    let reading = async {
        app.test_data(&held.refreshed.access)
            .await
            .assert_status(200);
        app.get("/health/ready").await.assert_status(200);
    };
    let lock = lock_for(&app, Duration::from_secs(8));
    let (responses, (), ()) = tokio::join!(write_everything(&app, &held), reading, lock);
    for response in responses {
        response.assert_error(&DB_LOCKED);
    }
    assert_eq!(contents(&app), before);
    assert!(attempts(&app) <= counted, "an attempt was counted");
    assert_everything_works(&app, &held).await;
}

#[tokio::test]
async fn no_request_waits_for_a_lock_that_blocks_housekeeping() {
    let mut app = spawn_app_with("throttle", "on").await;
    app.log_tom_in().await;
    app.restart().await;
    app.change("UPDATE throttle SET full_at = 0");
    let other = lock(&app);
    // The first request triggers housekeeping on a connection of its instance.
    for _ in 0..3 {
        app.get("/health/ready").await.assert_status(200);
    }
    unlock(&other);
    // Had a request waited for housekeeping, it would have timed out before the lock was released.
    let deleted = async || (app.count("throttle") == 0).then_some(());
    eventually("the expired limits are deleted", SOON, deleted).await;
}

#[tokio::test]
async fn requests_that_do_not_write_do_not_wait_for_a_lock() {
    let app = spawn_app_with("throttle", "off").await;
    let tokens = app.log_tom_in().await;
    app.logout(&tokens.refresh).await.assert_status(204);
    let other = lock(&app);
    let began = Instant::now();
    let legacy = signed(&legacy_claims("5f2b7c1e-8a57-4c5e-9f5c-0d8a3a9c3b11"));
    let long = format!("ey{}", "A".repeat(100_000));
    for junk in ["junk", &legacy, &long] {
        app.refresh(junk).await.assert_error(&INVALID_REFRESH_TOKEN);
        app.logout(junk).await.assert_status(204);
    }
    let unknown = "A".repeat(43);
    for junk in ["junk", &unknown, &long] {
        let response = app.reset_password(junk, NEW_PASSWORD).await;
        response.assert_error(&INVALID_RESET_TOKEN);
    }
    app.test_data(&tokens.access)
        .await
        .assert_error(&INVALID_ACCESS_TOKEN);
    assert!(began.elapsed() < BUSY_TIMEOUT, "{:?}", began.elapsed());
    unlock(&other);
}

/// Asserts that the failed attempts used nothing up.
async fn assert_everything_works(app: &App, held: &Held) {
    app.refresh(&held.refreshed.refresh)
        .await
        .assert_status(200);
    app.logout(&held.logged_out.refresh)
        .await
        .assert_status(204);
    app.login(EMAIL, PASSWORD).await.assert_status(200);
    app.reset_password(&held.reset_token, NEW_PASSWORD)
        .await
        .assert_status(200);
}
