//! Failures of the captcha service: reported within six seconds, without delaying other requests.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::captcha::assert_no_user;
use crate::helpers::api_error::{
    ApiError, CAPTCHA_ERROR, CAPTCHA_TIMEOUT, CAPTCHA_UNAVAILABLE, INVALID_CAPTCHA,
};
use crate::helpers::app::{App, spawn_app_with};
use crate::helpers::flows::{EMAIL, PASSWORD, registration_of};
use crate::helpers::stub::Reply;
use crate::helpers::time::{SOON, eventually};

const LIMIT: Duration = Duration::from_secs(6);

async fn assert_rejected_in_time(app: &App, error: &ApiError) {
    let start = Instant::now();
    let response = app
        .register(&registration_of("late@example.com", "late"))
        .await;
    let took = start.elapsed();
    response.assert_error(error);
    assert!(took < LIMIT, "{took:?}");
}

#[tokio::test]
async fn every_failure_of_the_captcha_service_is_reported_within_six_seconds() {
    let mut app = spawn_app_with("captcha_service_path", "/api/v1").await;
    app.register_tom().await;
    for (reply, error) in [
        (Reply::Silence, &CAPTCHA_TIMEOUT),
        (Reply::Trickle, &CAPTCHA_TIMEOUT),
        (Reply::Busy("60"), &CAPTCHA_ERROR),
        (Reply::Text(500, "oops"), &CAPTCHA_ERROR),
        (Reply::Text(200, "<html>"), &CAPTCHA_ERROR),
        (
            Reply::Text(200, "\u{FEFF}{\"is_valid\": true}"),
            &CAPTCHA_ERROR,
        ),
        (Reply::Text(302, ""), &CAPTCHA_ERROR),
        (
            Reply::Json(200, json!({"is_valid": "true"})),
            &INVALID_CAPTCHA,
        ),
        (Reply::Json(200, json!([true])), &INVALID_CAPTCHA),
    ] {
        app.captcha.reply_with(reply);
        assert_rejected_in_time(&app, error).await;
    }
    app.captcha.stop().await;
    assert_rejected_in_time(&app, &CAPTCHA_UNAVAILABLE).await;
    assert_eq!(app.count("users"), 1);
}

#[tokio::test]
async fn a_huge_response_of_the_captcha_service_is_an_error() {
    let app = spawn_app_with("captcha_service_path", "/api/v1").await;
    let large = json!({"is_valid": true, "more": "x".repeat(10_000_000)});
    app.captcha.reply_with(Reply::Json(200, large));
    let response = app
        .register(&registration_of("late@example.com", "late"))
        .await;
    response.assert_status(503);
    assert_no_user(&app).await;
}

#[tokio::test]
async fn a_slow_captcha_service_delays_no_other_request_and_keeps_no_transaction_open() {
    let app = spawn_app_with("throttle", "on").await;
    app.register_tom().await;
    app.captcha.reply_with(Reply::Silence);
    let late = registration_of("late@example.com", "late");
    let registering = app.register(&late);
    let others = async {
        let is_called = async || (app.captcha.received().len() == 2).then_some(());
        eventually("the captcha service is called", SOON, is_called).await;
        let start = Instant::now();
        app.login(EMAIL, PASSWORD).await.assert_status(200);
        // Other writers may hold the lock briefly, but not for as long as the captcha takes.
        let other = app.database();
        let timeout = other.busy_timeout(Duration::from_secs(1));
        timeout.expect("a timeout");
        let exclusive = other.execute_batch("BEGIN EXCLUSIVE; ROLLBACK");
        exclusive.expect("no transaction is open");
        start.elapsed()
    };
    let (registered, took) = tokio::join!(registering, others);
    registered.assert_error(&CAPTCHA_TIMEOUT);
    assert!(took < Duration::from_secs(2), "{took:?}");
}
