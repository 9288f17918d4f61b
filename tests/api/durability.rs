//! What a power cut may take back: only what can be done again.

use crate::helpers::app::{App, spawn_app};
use crate::helpers::captcha::builtin_captcha;
use crate::helpers::flows::{EMAIL, PASSWORD, registration_of};
use crate::helpers::server::is_spin;
use crate::helpers::trace::Statement;

/// How the statements begin that need not wait for the disk: counts and leases, rotations, logins and
/// where they came from, warnings, and what clears away.
const CAN_BE_DONE_AGAIN: &[&str] = &[
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
    "UPDATE outbox ",
    "DELETE FROM outbox ",
];

/// What is written as far as statements go.
const WRITES: [&str; 5] = ["INSERT ", "UPDATE ", "DELETE ", "BEGIN", "COMMIT"];

fn is_write(statement: &Statement) -> bool {
    WRITES.iter().any(|verb| statement.sql.starts_with(verb))
}

fn can_be_done_again(statement: &Statement) -> bool {
    let mut beginnings = CAN_BE_DONE_AGAIN.iter();
    beginnings.any(|beginning| statement.sql.starts_with(beginning))
}

/// Everything that writes, once.
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
    // The notice.
    app.mail(2).await;
}

/// Stops the service and makes of its database what `VACUUM INTO` would make of it.
async fn take_write_ahead_log_away(app: &mut App) {
    app.server.kill();
    app.server.wait_for_exit().await;
    let mode: String = app.value("PRAGMA journal_mode = DELETE");
    assert_eq!(mode, "delete");
}

#[tokio::test]
async fn what_cannot_be_done_again_is_on_the_disk_before_the_answer() {
    if is_spin() {
        return;
    }
    let app = builtin_captcha().without("throttle").traced().spawn().await;
    write_everything(&app).await;
    let statements = app.statements();
    for statement in statements.iter().filter(|statement| is_write(statement)) {
        let waits = statement.synchronous == "FULL";
        assert!(waits || can_be_done_again(statement), "{statement:?}");
    }
    let is_quick = |statement: &&Statement| statement.synchronous == "NORMAL";
    let quick = statements.iter().filter(is_quick).count();
    assert!(quick > 10, "everything waits for the disk: {statements:#?}");
}

#[tokio::test]
async fn without_a_write_ahead_log_every_write_waits_for_the_disk() {
    if is_spin() {
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
async fn a_restored_copy_gets_back_its_write_ahead_log() {
    let mut app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    take_write_ahead_log_away(&mut app).await;
    app.restart().await;
    app.test_data(&tokens.access).await.assert_status(200);
    assert_eq!(app.value::<String>("PRAGMA journal_mode"), "wal");
}

#[tokio::test]
async fn a_restored_copy_can_be_asked_by_many_at_once() {
    let mut app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    for _ in 0..5 {
        take_write_ahead_log_away(&mut app).await;
        app.restart().await;
        let asks = (0..20).map(|_| app.test_data(&tokens.access));
        for answer in futures_util::future::join_all(asks).await {
            answer.assert_status(200);
        }
    }
}

#[tokio::test]
async fn no_transaction_asks_for_what_the_database_ignores_within_it() {
    if is_spin() {
        return;
    }
    let app = builtin_captcha().without("throttle").traced().spawn().await;
    write_everything(&app).await;
    let mut within = Vec::new();
    for Statement { instance, sql, .. } in app.statements() {
        match sql.as_str() {
            "BEGIN IMMEDIATE" => within.push(instance),
            "COMMIT" => within.retain(|other| *other != instance),
            _ => assert!(
                !(within.contains(&instance) && sql.starts_with("PRAGMA synchronous")),
                "{sql}"
            ),
        }
    }
}
