//! The external captcha service: requests to it, and the handling of its responses and failures.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::helpers::api_error::{
    ApiError, CAPTCHA_ERROR, CAPTCHA_TIMEOUT, CAPTCHA_UNAVAILABLE, INVALID_CAPTCHA,
};
use crate::helpers::app::{App, Setup, spawn_app, spawn_app_with};
use crate::helpers::flows::{CAPTCHA_ID, EMAIL, PASSWORD, registration, registration_of};
use crate::helpers::stub::Reply;

/// The service times out after five seconds and responds within six.
const TIMEOUT: std::ops::RangeInclusive<Duration> = Duration::from_secs(4)..=Duration::from_secs(6);

/// The probe creates the tables, which a refused registration does not need.
pub(crate) async fn assert_no_user(app: &App) {
    app.get("/health/ready").await.assert_status(200);
    assert_eq!(app.count("users"), 0);
}

async fn assert_refused(app: &App, reply: Reply, error: &ApiError) {
    app.captcha.reply_with(reply);
    app.register(&registration()).await.assert_error(error);
    assert_no_user(app).await;
}

#[tokio::test]
async fn each_answer_is_verified_once() {
    let app = spawn_app().await;
    app.register_tom().await;
    let received = app.captcha.received();
    assert_eq!(received.len(), 1);
    let request = &received[0];
    assert_eq!(request.method.as_str(), "POST");
    assert_eq!(request.path, "/api/v1/captcha/verify");
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.json(), json!({"id": CAPTCHA_ID, "answer": "7XK2P"}));
}

#[tokio::test]
async fn the_path_is_configurable() {
    for (path, expected) in [
        ("", "/captcha/verify"),
        ("/", "/captcha/verify"),
        ("/checks/v2/", "/checks/v2/captcha/verify"),
    ] {
        let app = spawn_app_with("captcha_service_path", path).await;
        app.register_tom().await;
        assert_eq!(app.captcha.received()[0].path, expected);
    }
}

#[tokio::test]
async fn any_text_is_passed_on_as_the_answer() {
    let app = spawn_app().await;
    for (number, answer) in ["", " ", "żółw \u{1F422}", "\"}, {\"answer\": \"x", "a\nb"]
        .into_iter()
        .enumerate()
    {
        let mut body = registration_of(&format!("{number}@example.com"), &format!("user{number}"));
        body["captcha_answer"] = answer.into();
        app.register(&body).await.assert_status(201);
        assert_eq!(app.captcha.received()[number].json()["answer"], answer);
    }
}

#[tokio::test]
async fn only_a_true_is_valid_passes() {
    let app = spawn_app().await;
    for verdict in [
        json!({"is_valid": false}),
        json!({"is_valid": null}),
        json!({"is_valid": "true"}),
        json!({"is_valid": 1}),
        json!({"is_valid": [true]}),
        json!({"valid": true}),
        json!({}),
        json!([]),
        json!([{"is_valid": true}]),
        json!(true),
        json!("is_valid"),
        Value::Null,
    ] {
        assert_refused(&app, Reply::Json(200, verdict), &INVALID_CAPTCHA).await;
    }
    app.captcha
        .reply_with(Reply::Json(200, json!({"is_valid": true, "more": 1})));
    app.register(&registration()).await.assert_status(201);
}

#[tokio::test]
async fn an_error_of_the_captcha_service_is_not_a_wrong_answer() {
    let app = spawn_app().await;
    for status in [400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504] {
        let reply = Reply::Json(status, json!({"is_valid": true}));
        assert_refused(&app, reply, &CAPTCHA_ERROR).await;
    }
}

#[tokio::test]
async fn a_response_other_than_json_is_an_error_of_the_captcha_service() {
    let app = spawn_app().await;
    for text in [
        "",
        "true!",
        "<html>",
        "{\"is_valid\": true",
        "{is_valid: true}",
    ] {
        assert_refused(&app, Reply::Text(200, text), &CAPTCHA_ERROR).await;
    }
}

#[tokio::test]
async fn a_captcha_service_that_takes_longer_than_five_seconds_times_out() {
    let silent = spawn_app().await;
    let trickling = spawn_app().await;
    let start = Instant::now();
    tokio::join!(
        assert_refused(&silent, Reply::Silence, &CAPTCHA_TIMEOUT),
        assert_refused(&trickling, Reply::Trickle, &CAPTCHA_TIMEOUT),
    );
    assert!(TIMEOUT.contains(&start.elapsed()), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_captcha_service_that_refuses_connections_is_unavailable() {
    let mut app = spawn_app().await;
    app.captcha.stop().await;
    app.register(&registration())
        .await
        .assert_error(&CAPTCHA_UNAVAILABLE);
    assert_no_user(&app).await;
}

#[tokio::test]
async fn a_captcha_service_that_hangs_up_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let address = listener
        .local_addr()
        .expect("a bound socket has an address");
    let hanging_up = tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            drop(connection);
        }
    });
    let app = spawn_app_with("captcha_service_host", &format!("http://{address}")).await;
    app.register(&registration())
        .await
        .assert_error(&CAPTCHA_UNAVAILABLE);
    hanging_up.abort();
}

#[tokio::test]
async fn a_slow_captcha_service_delays_no_other_request() {
    let app = spawn_app().await;
    app.register_tom().await;
    app.captcha.reply_with(Reply::Silence);
    let late = registration_of("late@example.com", "late");
    let registering = app.register(&late);
    let others = async {
        let start = Instant::now();
        app.login(EMAIL, PASSWORD).await.assert_status(200);
        app.forgot_password(EMAIL).await.assert_status(202);
        start.elapsed()
    };
    let (registered, others_took) = tokio::join!(registering, others);
    registered.assert_error(&CAPTCHA_TIMEOUT);
    assert!(others_took < *TIMEOUT.start(), "{others_took:?}");
}

#[tokio::test]
async fn a_recovered_captcha_service_is_used_again() {
    let app = spawn_app().await;
    assert_refused(&app, Reply::Text(500, ""), &CAPTCHA_ERROR).await;
    app.captcha
        .reply_with(Reply::Json(200, json!({"is_valid": true})));
    app.register(&registration()).await.assert_status(201);
}

#[tokio::test]
async fn with_the_captcha_off_the_captcha_service_is_not_called() {
    let app = Setup::new().with("captcha_provider", "off").spawn().await;
    app.register_tom().await;
    assert_eq!(app.captcha.received().len(), 0);
}
