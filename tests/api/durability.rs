//! Durability: a power failure can only lose writes that can be repeated.

use crate::helpers::app::{App, spawn_app};
use crate::helpers::captcha::builtin_captcha;
use crate::helpers::flows::{EMAIL, PASSWORD, registration_of};
use crate::helpers::server::{is_libsql, is_spin};
use crate::helpers::trace::Statement;
use crate::metrics::TOKEN;

/// The beginnings of the statements that need not wait for the disk: counters and leases, rotations,
/// logins with their networks and notices, warnings, and deletions of expired rows.
const REPLAYABLE: &[&str] = &[
    "INSERT INTO counters ",
    "INSERT INTO warnings ",
    "INSERT INTO password_guesses ",
    "UPDATE password_guesses ",
    "INSERT INTO known_networks ",
    "DELETE FROM known_networks ",
    "INSERT INTO throttle ",
    "UPDATE throttle ",
    "DELETE FROM throttle ",
    "INSERT INTO used_challenges ",
    "INSERT INTO sessions ",
    "UPDATE sessions ",
    "DELETE FROM sessions WHERE user_id = ?1 AND id <> ?2 ",
    "INSERT INTO outbox (id, kind, user_id, event_id, detail, language, due_at, queued_at) SELECT ",
    "UPDATE outbox ",
    "DELETE FROM outbox ",
];

/// The beginnings of statements that write.
const WRITES: [&str; 5] = ["INSERT ", "UPDATE ", "DELETE ", "BEGIN", "COMMIT"];

fn is_write(statement: &Statement) -> bool {
    WRITES.iter().any(|verb| statement.sql.starts_with(verb))
}

fn is_replayable(statement: &Statement) -> bool {
    let mut beginnings = REPLAYABLE.iter();
    beginnings.any(|beginning| statement.sql.starts_with(beginning))
}

/// Sends every kind of writing request once.
async fn write_everything(app: &App) {
    let mut ann = registration_of("ann@example.com", "ann");
    ann["captcha_answer"] = app.captcha_answer().await.into();
    app.register(&ann).await.assert_status(201);
    let mut tom = registration_of(EMAIL, "Tom");
    tom["captcha_answer"] = app.captcha_answer().await.into();
    app.register(&tom).await.assert_status(201);
    let used = app.tokens_of_tom().await.refresh;
    let tokens = app
        .refresh(&used)
        .await
        .assert_status(200)
        .field("refresh_token");
    app.logout(&tokens).await.assert_status(204);
    let token = app.reset_token(1).await;
    app.reset_password(&token, PASSWORD)
        .await
        .assert_status(200);
    // The notice of the changed password.
    app.mail(2).await;
}

/// Stops the server and removes the write-ahead log from its database, as in a copy by `VACUUM INTO`.
fn remove_write_ahead_log(app: &mut App) {
    app.server.stop();
    let mode: String = app.value("PRAGMA journal_mode = DELETE");
    assert_eq!(mode, "delete");
}

#[tokio::test]
async fn writes_that_cannot_be_repeated_are_on_disk_before_the_response() {
    // A libSQL server decides itself how durable a write is.
    if is_spin() || is_libsql() {
        return;
    }
    let setup = builtin_captcha().without("throttle").traced();
    let app = setup.with("metrics_token", TOKEN).spawn().await;
    write_everything(&app).await;
    let statements = app.statements();
    for statement in statements.iter().filter(|statement| is_write(statement)) {
        let waits = statement.synchronous == "FULL";
        assert!(waits || is_replayable(statement), "{statement:?}");
    }
    let is_deferred = |statement: &&Statement| statement.synchronous == "NORMAL";
    let deferred = statements.iter().filter(is_deferred).count();
    assert!(
        deferred > 10,
        "every write waits for the disk: {statements:#?}"
    );
}

#[tokio::test]
async fn without_a_write_ahead_log_every_write_waits_for_the_disk() {
    // A libSQL server decides itself how durable a write is.
    if is_spin() || is_libsql() {
        return;
    }
    let setup = builtin_captcha().without("throttle").traced();
    let app = setup.without_wal().spawn().await;
    write_everything(&app).await;
    assert_eq!(app.value::<String>("PRAGMA journal_mode"), "delete");
    for statement in app.statements() {
        assert_eq!(statement.synchronous, "FULL", "{statement:?}");
    }
}

#[tokio::test]
async fn a_restored_copy_gets_a_write_ahead_log_again() {
    let mut app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    remove_write_ahead_log(&mut app);
    app.restart().await;
    app.refresh(&tokens.refresh).await.assert_status(200);
    assert_eq!(app.value::<String>("PRAGMA journal_mode"), "wal");
}

#[tokio::test]
async fn a_restored_copy_handles_concurrent_requests() {
    let mut app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    for _ in 0..5 {
        remove_write_ahead_log(&mut app);
        app.restart().await;
        let requests = (0..20).map(|_| app.test_data(&tokens.access));
        for response in futures_util::future::join_all(requests).await {
            response.assert_status(200);
        }
    }
}

#[tokio::test]
async fn no_transaction_changes_the_durability_because_sqlite_would_ignore_it() {
    if is_spin() {
        return;
    }
    let setup = builtin_captcha().without("throttle").traced();
    let app = setup.with("metrics_token", TOKEN).spawn().await;
    write_everything(&app).await;
    let mut in_transaction = Vec::new();
    for Statement { instance, sql, .. } in app.statements() {
        match sql.as_str() {
            "BEGIN IMMEDIATE" => in_transaction.push(instance),
            "COMMIT" => in_transaction.retain(|other| *other != instance),
            _ => assert!(
                !(in_transaction.contains(&instance) && sql.starts_with("PRAGMA synchronous")),
                "{sql}"
            ),
        }
    }
}
