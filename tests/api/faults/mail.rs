//! Troubles of the mail provider: nobody notices, and the mail arrives later, once for its key.

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
/// How long a try may take before it is given up, and a little more.
const PATIENCE: Duration = Duration::from_secs(45);
/// No caller waits for a provider.
const AT_ONCE: Duration = Duration::from_secs(2);

fn taken() -> Reply {
    Reply::Json(200, json!({"id": "1"}))
}

/// Asks for a link; the answer is as ever, and as fast.
async fn assert_asked(app: &App, email: &str) {
    let start = Instant::now();
    let answer = app.forgot_password(email).await;
    let took = start.elapsed();
    let sent = json!({"message": "If the email exists, a reset link has been sent."});
    answer.assert_json(202, &sent);
    assert!(took < AT_ONCE, "{took:?}");
}

async fn wait_for_log(app: &App, event: &str, limit: Duration) {
    let logged = async || app.server.output().contains(event).then_some(());
    eventually(event, limit, logged).await;
}

async fn wait_for_empty_outbox(app: &App) {
    let is_empty = async || (app.count("outbox") == 0).then_some(());
    eventually("all mail is sent", SOON, is_empty).await;
}

/// Lets the wait pass and gives the service a reason to look, until the mail with this number
/// arrives: once is not enough while the outcome of the last try is still being written down.
async fn let_time_pass(app: &App, number: usize) {
    let tried_again = async || {
        app.change("UPDATE outbox SET due_at = unixepoch() - 1");
        app.forgot_password("nobody@example.com")
            .await
            .assert_status(202);
        timeout(AT_ONCE, app.mail(number)).await.ok()
    };
    eventually("the mail is tried again", SOON, tried_again).await;
}

fn key(mail: &Received) -> String {
    mail.header("idempotency-key")
        .expect("a mail has a key")
        .to_owned()
}

/// All tries were of one mail, with one key and one link, which works.
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

async fn assert_delivered_later(app: &App, trouble: Reply) {
    app.mail_provider.clear();
    app.mail_provider.reply_with(trouble);
    assert_asked(app, EMAIL).await;
    app.mail(1).await;
    let attempts = "SELECT attempts FROM outbox WHERE due_at > unixepoch()";
    assert_eq!(
        app.value::<i64>(attempts),
        1,
        "the mail waits for its next try"
    );
    wait_for_log(app, "mail put off", PATIENCE).await;
    app.mail_provider.reply_with(taken());
    let_time_pass(app, 2).await;
    wait_for_empty_outbox(app).await;
    assert_eq!(app.mail_provider.received().len(), 2);
    assert_one_mail(app).await;
}

#[tokio::test]
async fn a_mail_that_fails_is_delivered_later_once_for_its_key() {
    for trouble in [
        Reply::Text(500, "oops"),
        Reply::Text(503, ""),
        Reply::Busy("1"),
        Reply::Json(401, json!({"name": "restricted_api_key"})),
        Reply::Trickle,
    ] {
        let app = spawn_app().await;
        app.register_tom().await;
        assert_delivered_later(&app, trouble).await;
    }
}

#[tokio::test]
async fn a_provider_that_takes_longer_than_half_a_minute_is_tried_again() {
    let app = spawn_app().await;
    app.register_tom().await;
    assert_delivered_later(&app, Reply::Silence).await;
}

#[tokio::test]
async fn a_provider_that_is_down_is_tried_again() {
    let mut app = spawn_app().await;
    app.register_tom().await;
    app.mail_provider.stop().await;
    assert_asked(&app, EMAIL).await;
    wait_for_log(&app, "mail put off", SOON).await;
    let waiting: i64 = app.value("SELECT due_at - unixepoch() FROM outbox");
    assert!((30..=120).contains(&waiting), "{waiting}");
}

#[tokio::test]
async fn a_provider_that_asks_for_time_gets_it() {
    let app = spawn_app().await;
    app.register_tom().await;
    app.mail_provider.reply_with(Reply::Busy("600"));
    assert_asked(&app, EMAIL).await;
    wait_for_log(&app, "mail put off", SOON).await;
    let waits = async || {
        let waiting: i64 = app.value("SELECT due_at - unixepoch() FROM outbox");
        (590..=660).contains(&waiting).then_some(())
    };
    eventually("the mail waits for ten minutes", SOON, waits).await;
}

#[tokio::test]
async fn a_retry_after_beyond_all_reason_loses_nothing() {
    for beyond in [
        "18446744073709551615",
        "-1",
        "soon",
        "99999999999999999999999",
    ] {
        let app = spawn_app().await;
        app.register_tom().await;
        app.mail_provider.reply_with(Reply::Busy(beyond));
        assert_asked(&app, EMAIL).await;
        app.mail(1).await;
        app.mail_provider.reply_with(taken());
        wait_for_log(&app, "\"message\":\"mail put off\"", SOON).await;
        let_time_pass(&app, 2).await;
        wait_for_empty_outbox(&app).await;
    }
}

#[tokio::test]
async fn a_mail_that_is_refused_for_good_is_given_up_and_nobody_notices() {
    for status in [400, 404, 422] {
        let app = spawn_app().await;
        app.register_tom().await;
        let error = json!({"name": "validation_error", "message": "no"});
        app.mail_provider.reply_with(Reply::Json(status, error));
        assert_asked(&app, EMAIL).await;
        wait_for_empty_outbox(&app).await;
        wait_for_log(&app, "mail given up", SOON).await;
        assert_eq!(app.mail_provider.received().len(), 1);
    }
}

#[tokio::test]
async fn a_mail_that_keeps_failing_is_given_up_in_the_end() {
    let app = spawn_app().await;
    app.register_tom().await;
    app.mail_provider.reply_with(Reply::Text(500, "oops"));
    assert_asked(&app, EMAIL).await;
    app.mail(1).await;
    for attempt in 2..=5 {
        let_time_pass(&app, attempt).await;
    }
    wait_for_empty_outbox(&app).await;
    wait_for_log(&app, "mail given up", SOON).await;
}

#[tokio::test]
async fn killed_between_sending_and_marking_it_sends_the_same_mail_again() {
    let mut app = spawn_app().await;
    app.register_tom().await;
    app.mail_provider.reply_with(Reply::Silence);
    assert_asked(&app, EMAIL).await;
    app.mail(1).await;
    app.server.kill();
    app.mail_provider.reply_with(taken());
    app.restart().await;
    let_time_pass(&app, 2).await;
    wait_for_empty_outbox(&app).await;
    assert_eq!(app.mail_provider.received().len(), 2);
    assert_one_mail(&app).await;
}

#[tokio::test]
async fn of_many_mails_at_once_each_is_sent_once() {
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
