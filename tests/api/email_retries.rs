//! Mail that cannot be delivered at once: retried with the same idempotency key, or given up.

use serde_json::json;

use crate::helpers::app::{App, spawn_app};
use crate::helpers::flows::{EMAIL, token_in};
use crate::helpers::stub::Reply;
use crate::helpers::time::{SOON, eventually};

/// Makes every mail due.
const MAKE_DUE: &str = "UPDATE outbox SET due_at = unixepoch() - 1";

/// Waits until the outbox contains this many mails.
async fn wait_for_outbox(app: &App, mails: i64) {
    let settled = async || (app.count("outbox") == mails).then_some(());
    eventually(&format!("the outbox contains {mails}"), SOON, settled).await;
}

/// Waits until the log contains an event.
async fn wait_for_log(app: &App, event: &str) {
    let is_logged = async || app.server.output().contains(event).then_some(());
    eventually(event, SOON, is_logged).await;
}

#[tokio::test]
async fn a_delivered_mail_leaves_the_outbox() {
    let app = spawn_app().await;
    app.register_tom().await;
    app.reset_token(1).await;
    wait_for_outbox(&app, 0).await;
}

#[tokio::test]
async fn a_temporary_failure_is_retried_later_with_the_same_key_and_link() {
    for reply in [
        Reply::Text(500, "oops"),
        Reply::Json(503, json!({"name": "unavailable"})),
        Reply::Json(429, json!({"name": "rate_limit_exceeded"})),
    ] {
        let app = spawn_app().await;
        app.mail_provider.reply_with(reply);
        app.register_tom().await;
        app.forgot_password(EMAIL).await.assert_status(202);
        let first = app.mail(1).await;
        wait_for_log(&app, "mail put off").await;
        app.mail_provider
            .reply_with(Reply::Json(200, json!({"id": "1"})));
        app.change(MAKE_DUE);
        app.forgot_password("nobody@example.com")
            .await
            .assert_status(202);
        let second = app.mail(2).await;
        assert!(
            first
                .header("idempotency-key")
                .is_some_and(|key| key.len() >= 16)
        );
        assert_eq!(
            first.header("idempotency-key"),
            second.header("idempotency-key")
        );
        assert_eq!(first.body, second.body);
        wait_for_outbox(&app, 0).await;
        app.reset_password(&token_in(&second), "battery staple 2")
            .await
            .assert_status(200);
    }
}

#[tokio::test]
async fn a_mail_is_not_retried_before_it_is_due() {
    let app = spawn_app().await;
    app.mail_provider.reply_with(Reply::Text(500, "oops"));
    app.register_tom().await;
    app.forgot_password(EMAIL).await.assert_status(202);
    app.mail(1).await;
    wait_for_log(&app, "mail put off").await;
    let wait: i64 = app.value("SELECT due_at - unixepoch() FROM outbox");
    assert!((50..=120).contains(&wait), "{wait}");
    assert_eq!(app.mail_provider.received().len(), 1);
}

#[tokio::test]
async fn different_mails_have_different_keys() {
    let app = spawn_app().await;
    app.register_tom().await;
    app.reset_token(1).await;
    app.reset_token(2).await;
    let mails = app.mail_provider.received();
    assert_ne!(
        mails[0].header("idempotency-key"),
        mails[1].header("idempotency-key")
    );
}

#[tokio::test]
async fn a_permanently_rejected_mail_is_given_up() {
    let app = spawn_app().await;
    app.mail_provider
        .reply_with(Reply::Json(422, json!({"name": "validation_error"})));
    app.register_tom().await;
    app.forgot_password(EMAIL).await.assert_status(202);
    app.mail(1).await;
    wait_for_outbox(&app, 0).await;
    wait_for_log(&app, "mail given up").await;
}

#[tokio::test]
async fn a_silent_or_unreachable_provider_does_not_change_the_response() {
    let mut app = spawn_app().await;
    app.register_tom().await;
    let expected = app.forgot_password("nobody@example.com").await;
    app.mail_provider.reply_with(Reply::Silence);
    let silent = app.forgot_password(EMAIL).await;
    app.mail(1).await;
    app.mail_provider.stop().await;
    let dead = app.forgot_password(EMAIL).await;
    for response in [silent, dead] {
        response.assert_json(202, &expected.json());
    }
    wait_for_log(&app, "mail put off").await;
    assert_eq!(
        app.count("outbox"),
        1,
        "a newer link replaces the older one and its mail"
    );
}

/// Corrupt mails, each due before all others.
const UNREADABLE: &str = "
    PRAGMA foreign_keys = OFF;
    INSERT INTO outbox (id, kind, user_id, attempts, due_at, language)
    SELECT '5f2b7c1e-8a57-4c5e-9f5c-000000000001', 'birthday', id, 0, 1, 'en' FROM users;
    INSERT INTO outbox (id, kind, user_id, attempts, due_at, language)
    VALUES ('5f2b7c1e-8a57-4c5e-9f5c-000000000002', 'password_changed', 'gone', 0, 2, 'en');
    INSERT INTO outbox (id, kind, user_id, attempts, due_at, language)
    SELECT '5f2b7c1e-8a57-4c5e-9f5c-000000000003', 'password_changed', id, 0, 3, '??' FROM users;
    INSERT INTO outbox (id, kind, user_id, attempts, due_at, language)
    SELECT '5f2b7c1e-8a57-4c5e-9f5c-000000000004', 'password_changed', id, -9, 4, 'en' FROM users;
    INSERT INTO outbox (id, kind, user_id, attempts, due_at, language)
    SELECT x'00ff', 'password_changed', id, 0, 5, 'en' FROM users;
";

#[tokio::test]
async fn unreadable_mails_are_set_aside_and_do_not_block_others() {
    let app = spawn_app().await;
    app.register_tom().await;
    let database = app.database();
    database.execute_batch(UNREADABLE).expect("inserted rows");
    for number in 1..=2 {
        app.reset_token(number).await;
    }
    wait_for_outbox(&app, 5).await;
    let output = app.server.output();
    let logged: Vec<_> = output
        .lines()
        .filter(|line| line.contains("mail set aside"))
        .collect();
    assert_eq!(logged.len(), 5, "not each was logged once: {logged:#?}");
    for number in 1..=4 {
        let id = format!("5f2b7c1e-8a57-4c5e-9f5c-00000000000{number}");
        assert!(logged.iter().any(|line| line.contains(&id)), "{id}");
    }
}
