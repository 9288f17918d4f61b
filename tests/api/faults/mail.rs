//! Failures of the mail provider: requests are unaffected, and the mail arrives later, once per key.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use tokio::time::timeout;

use crate::helpers::app::{App, spawn_app};
use crate::helpers::flows::{EMAIL, reset_token_in};
use crate::helpers::stub::{Received, Reply};
use crate::helpers::time::{SOON, eventually};

const NEW_PASSWORD: &str = "battery staple 2";
/// Longer than the timeout of an attempt.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(45);
/// No request waits for the provider.
const RESPONSE_LIMIT: Duration = Duration::from_secs(2);

fn accepted() -> Reply {
    Reply::Json(200, json!({"id": "1"}))
}

/// Requests a link, and asserts the usual response within the usual time.
async fn request_link(app: &App, email: &str) {
    let start = Instant::now();
    let response = app.forgot_password(email).await;
    let took = start.elapsed();
    let sent = json!({"message": "If the email exists, a reset link has been sent."});
    response.assert_json(202, &sent);
    assert!(took < RESPONSE_LIMIT, "{took:?}");
}

async fn wait_for_log(app: &App, event: &str, limit: Duration) {
    let logged = async || app.server.output().contains(event).then_some(());
    eventually(event, limit, logged).await;
}

async fn wait_for_empty_outbox(app: &App) {
    let is_empty = async || (app.count("outbox") == 0).then_some(());
    eventually("all mail is sent", SOON, is_empty).await;
}

/// Makes the mail due and triggers a delivery until the `number`-th mail arrives. Once is not enough
/// while the outcome of the last attempt is still being stored.
async fn retry_mail(app: &App, number: usize) {
    let retried = async || {
        app.change("UPDATE outbox SET due_at = unixepoch() - 1");
        app.forgot_password("nobody@example.com")
            .await
            .assert_status(202);
        timeout(RESPONSE_LIMIT, app.mail(number)).await.ok()
    };
    eventually("the mail is retried", SOON, retried).await;
}

fn key(mail: &Received) -> String {
    mail.header("idempotency-key")
        .expect("a mail has a key")
        .to_owned()
}

/// Asserts that all attempts sent the same mail with the same key, and that its link works.
async fn assert_one_mail(app: &App) {
    let mails = app.mail_provider.received();
    for mail in &mails {
        assert_eq!(key(mail), key(&mails[0]));
        assert_eq!(mail.body, mails[0].body);
    }
    let token = reset_token_in(&mails[0]).expect("the mail has a link");
    app.reset_password(&token, NEW_PASSWORD)
        .await
        .assert_status(200);
}

async fn assert_delivered_later(app: &App, failure: Reply) {
    app.mail_provider.clear();
    app.mail_provider.reply_with(failure);
    request_link(app, EMAIL).await;
    app.mail(1).await;
    let attempts = "SELECT attempts FROM outbox WHERE due_at > unixepoch()";
    assert_eq!(
        app.value::<i64>(attempts),
        1,
        "the mail waits for its next attempt"
    );
    wait_for_log(app, "mail put off", ATTEMPT_LIMIT).await;
    app.mail_provider.reply_with(accepted());
    retry_mail(app, 2).await;
    wait_for_empty_outbox(app).await;
    assert_eq!(app.mail_provider.received().len(), 2);
    assert_one_mail(app).await;
}

#[tokio::test]
async fn a_failed_mail_is_delivered_later_with_the_same_key() {
    for failure in [
        Reply::Text(500, "oops"),
        Reply::Text(503, ""),
        Reply::Busy("1"),
        Reply::Json(401, json!({"name": "restricted_api_key"})),
        Reply::Trickle,
    ] {
        let app = spawn_app().await;
        app.register_tom().await;
        assert_delivered_later(&app, failure).await;
    }
}

#[tokio::test]
async fn a_provider_that_takes_longer_than_half_a_minute_is_retried() {
    let app = spawn_app().await;
    app.register_tom().await;
    assert_delivered_later(&app, Reply::Silence).await;
}

#[tokio::test]
async fn a_provider_that_is_down_is_retried() {
    let mut app = spawn_app().await;
    app.register_tom().await;
    app.mail_provider.stop().await;
    request_link(&app, EMAIL).await;
    wait_for_log(&app, "mail put off", SOON).await;
    let waiting: i64 = app.value("SELECT due_at - unixepoch() FROM outbox");
    assert!((30..=120).contains(&waiting), "{waiting}");
}

#[tokio::test]
async fn a_retry_after_of_the_provider_is_respected() {
    let app = spawn_app().await;
    app.register_tom().await;
    app.mail_provider.reply_with(Reply::Busy("600"));
    request_link(&app, EMAIL).await;
    wait_for_log(&app, "mail put off", SOON).await;
    let waits = async || {
        let waiting: i64 = app.value("SELECT due_at - unixepoch() FROM outbox");
        (590..=660).contains(&waiting).then_some(())
    };
    eventually("the mail waits for ten minutes", SOON, waits).await;
}

#[tokio::test]
async fn an_absurd_retry_after_does_not_lose_the_mail() {
    for retry_after in [
        "18446744073709551615",
        "-1",
        "soon",
        "99999999999999999999999",
    ] {
        let app = spawn_app().await;
        app.register_tom().await;
        app.mail_provider.reply_with(Reply::Busy(retry_after));
        request_link(&app, EMAIL).await;
        app.mail(1).await;
        app.mail_provider.reply_with(accepted());
        wait_for_log(&app, "\"message\":\"mail put off\"", SOON).await;
        retry_mail(&app, 2).await;
        wait_for_empty_outbox(&app).await;
    }
}

#[tokio::test]
async fn a_permanently_rejected_mail_is_given_up_and_requests_are_unaffected() {
    for status in [400, 404, 422] {
        let app = spawn_app().await;
        app.register_tom().await;
        let error = json!({"name": "validation_error", "message": "no"});
        app.mail_provider.reply_with(Reply::Json(status, error));
        request_link(&app, EMAIL).await;
        wait_for_empty_outbox(&app).await;
        wait_for_log(&app, "mail given up", SOON).await;
        assert_eq!(app.mail_provider.received().len(), 1);
    }
}

#[tokio::test]
async fn a_mail_that_keeps_failing_is_given_up_after_five_attempts() {
    let app = spawn_app().await;
    app.register_tom().await;
    app.mail_provider.reply_with(Reply::Text(500, "oops"));
    request_link(&app, EMAIL).await;
    app.mail(1).await;
    for attempt in 2..=5 {
        retry_mail(&app, attempt).await;
    }
    wait_for_empty_outbox(&app).await;
    wait_for_log(&app, "mail given up", SOON).await;
}

#[tokio::test]
async fn a_kill_between_sending_and_marking_a_mail_sends_the_same_mail_again() {
    let mut app = spawn_app().await;
    app.register_tom().await;
    app.mail_provider.reply_with(Reply::Silence);
    request_link(&app, EMAIL).await;
    app.mail(1).await;
    app.server.kill();
    app.mail_provider.reply_with(accepted());
    app.restart().await;
    retry_mail(&app, 2).await;
    wait_for_empty_outbox(&app).await;
    assert_eq!(app.mail_provider.received().len(), 2);
    assert_one_mail(&app).await;
}

#[tokio::test]
async fn each_of_many_concurrent_mails_is_sent_once() {
    let app = spawn_app().await;
    app.register_tom().await;
    app.add_users("user", 30);
    let emails: Vec<_> = (1..=30)
        .map(|number| format!("user{number}@example.com"))
        .collect();
    join_all(emails.iter().map(|email| app.forgot_password(email))).await;
    wait_for_empty_outbox(&app).await;
    let mails = app.mail_provider.received();
    let keys: BTreeSet<_> = mails.iter().map(key).collect();
    let addresses: BTreeSet<_> = mails
        .iter()
        .map(|mail| mail.json()["to"].to_string())
        .collect();
    assert_eq!((mails.len(), keys.len(), addresses.len()), (30, 30, 30));
}
