//! Database failures: locked, corrupt, or incomplete. No partial write remains.

use std::fs;
use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::api_error::{ApiError, DB_ERROR, DB_LOCKED};
use crate::helpers::app::{App, Setup, spawn_app};
use crate::helpers::flows::{EMAIL, PASSWORD, Tokens, registration, registration_of};
use crate::helpers::response::Response;
use crate::helpers::token::{legacy_claims, signed};

const NEW_PASSWORD: &str = "battery staple 2";

/// Locks the database until the connection is dropped.
fn lock(app: &App) -> rusqlite::Connection {
    let other = app.database();
    other
        .execute_batch("BEGIN IMMEDIATE")
        .expect("the database locks");
    other
}

/// Sends every kind of writing request concurrently.
async fn write_everything(app: &App, tokens: &[Tokens; 2], reset_token: &str) -> Vec<Response> {
    let late = registration_of("late@example.com", "late");
    let responses = tokio::join!(
        app.register(&late),
        app.login(EMAIL, PASSWORD),
        app.refresh(&tokens[0].refresh),
        app.logout(&tokens[1].refresh),
        app.forgot_password("late@example.com"),
        app.reset_password(reset_token, NEW_PASSWORD),
    );
    let (register, login, refresh, logout, forgot, reset) = responses;
    vec![register, login, refresh, logout, forgot, reset]
}

#[tokio::test]
async fn writes_to_a_locked_database_get_a_503_and_leave_nothing_half_done() {
    let app = spawn_app().await;
    let tokens = [app.log_tom_in().await, app.tokens_of_tom().await];
    let reset_token = app.reset_token(1).await;
    let before = contents(&app);
    let lock = lock(&app);
    for response in write_everything(&app, &tokens, &reset_token).await {
        response.assert_error(&DB_LOCKED);
    }
    drop(lock);
    assert_eq!(contents(&app), before);
    let statuses: Vec<_> = [
        app.refresh(&tokens[0].refresh).await,
        app.logout(&tokens[1].refresh).await,
        app.login(EMAIL, PASSWORD).await,
        app.reset_password(&reset_token, NEW_PASSWORD).await,
    ]
    .iter()
    .map(|response| response.status)
    .collect();
    assert_eq!(statuses, [200, 204, 200, 200]);
}

/// The contents of all tables that requests write to, as text.
fn contents(app: &App) -> Vec<String> {
    [
        "SELECT group_concat(email || hashed_password || updated_at) FROM users",
        "SELECT group_concat(id || counter || expires_at) FROM sessions",
        "SELECT group_concat(token || is_used) FROM password_reset_tokens",
        "SELECT count(*) || '' FROM outbox WHERE due_at < unixepoch() - 60",
    ]
    .map(|query| app.value(query))
    .to_vec()
}

#[tokio::test]
async fn reads_continue_during_a_write() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let _lock = lock(&app);
    app.test_data(&tokens.access).await.assert_status(200);
    app.get("/health/ready").await.assert_status(200);
    app.login(EMAIL, "wrong password 1")
        .await
        .assert_status(401);
}

#[tokio::test]
async fn requests_wait_for_a_short_lock() {
    let app = spawn_app().await;
    let tokens = [app.log_tom_in().await, app.tokens_of_tom().await];
    let reset_token = app.reset_token(1).await;
    let lock = lock(&app);
    let release = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        drop(lock);
    };
    let (responses, ()) = tokio::join!(write_everything(&app, &tokens, &reset_token), release);
    for response in responses {
        assert!(
            response.status < 300 || response.status == 401,
            "{response:?}"
        );
    }
}

#[tokio::test]
async fn a_corrupt_database_gets_a_500_and_is_not_ready() {
    let app = spawn_app().await;
    let garbage = "no database at all\n".repeat(1000);
    fs::write(app.database_path(), garbage).expect("a writable file");
    assert_broken(&app).await;
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_gets_a_500_and_is_not_ready() {
    let app = spawn_app().await;
    // `spin` creates the file on the first request, the host at startup.
    let _ = fs::remove_file(app.database_path());
    fs::create_dir(app.database_path()).expect("a directory in place of the file");
    assert_broken(&app).await;
}

async fn assert_broken(app: &App) {
    for response in send_everything(app).await {
        response.assert_error(&DB_ERROR);
    }
    assert_not_ready(app).await;
    app.get("/health/live").await.assert_status(200);
    app.get("/").await.assert_status(200);
}

/// Sends every kind of request that needs the database, with well-formed tokens.
async fn send_everything(app: &App) -> [Response; 4] {
    let access_token = signed(&legacy_claims("5f2b7c1e-8a57-4c5e-9f5c-0d8a3a9c3b11"));
    [
        app.register(&registration()).await,
        app.login(EMAIL, PASSWORD).await,
        app.forgot_password(EMAIL).await,
        app.test_data(&access_token).await,
    ]
}

async fn assert_not_ready(app: &App) {
    let response = app.get("/health/ready").await;
    let mut body = response.assert_status(503).json();
    assert!(body["version"].take().is_string());
    let components = json!({"database": "unusable"});
    assert_eq!(
        body,
        json!({
            "status": "unavailable",
            "version": null,
            "uptime": null,
            "components": components,
        })
    );
}

#[tokio::test]
async fn a_missing_table_gets_a_500_whose_cause_is_only_in_the_log() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    app.database()
        .execute_batch("PRAGMA foreign_keys = OFF; DROP TABLE users")
        .expect("a dropped table");
    let responses = [
        app.login(EMAIL, PASSWORD).await,
        app.test_data(&tokens.access).await,
        app.refresh(&tokens.refresh).await,
        app.forgot_password(EMAIL).await,
    ];
    for response in responses {
        response.assert_error(&DB_ERROR);
    }
    assert_not_ready(&app).await;
    assert_logged(&app, &DB_ERROR, "no such table: users");
}

/// Asserts that the log has a line of JSON with the error's code and cause.
fn assert_logged(app: &App, error: &ApiError, cause: &str) {
    let output = app.server.output();
    let mut lines = output
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let is_it = |line: &Value| {
        line["error_code"] == error.code
            && line["cause"]
                .as_str()
                .is_some_and(|text| text.contains(cause))
    };
    assert!(lines.any(|line| is_it(&line)), "not in the log: {cause}");
}

#[tokio::test]
async fn data_survives_a_restart() {
    let setup = Setup::new();
    let path = setup.database_path();
    let app = setup.spawn().await;
    let tokens = app.log_tom_in().await;
    let setup = Setup::new();
    copy_database(&path, &setup.database_path());
    drop(app);
    let app = setup.spawn().await;
    app.test_data(&tokens.access).await.assert_status(200);
    app.refresh(&tokens.refresh).await.assert_status(200);
    app.login(EMAIL, PASSWORD).await.assert_status(200);
}

fn copy_database(from: &Path, to: &Path) {
    let from = rusqlite::Connection::open(from).expect("the database opens");
    let to = to.to_str().expect("the path is UTF-8");
    from.execute("VACUUM INTO ?1", [to])
        .expect("the database is copied");
}

#[tokio::test]
async fn a_fresh_database_handles_concurrent_requests() {
    let app = spawn_app().await;
    let asks = (0..20).map(|_| async {
        let request = app.request(Method::GET, "/health/ready");
        Response::to(request).await
    });
    for response in futures_util::future::join_all(asks).await {
        response.assert_status(200);
    }
}
