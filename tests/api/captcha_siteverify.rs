//! Turnstile, hCaptcha and reCAPTCHA: requests to them, and the handling of their responses and
//! failures.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use url::form_urlencoded;

use crate::captcha::assert_no_user;
use crate::helpers::api_error::{
    ApiError, CAPTCHA_ERROR, CAPTCHA_TIMEOUT, CAPTCHA_UNAVAILABLE, INVALID_CAPTCHA,
};
use crate::helpers::app::{App, Setup};
use crate::helpers::flows::{registration, registration_of, registration_with};
use crate::helpers::stub::{Received, Reply};

const API_KEY: &str = "0x-the-secret-of-the-tests &=%";

/// Every provider and its `siteverify` path.
const PROVIDERS: [(&str, &str); 3] = [
    ("turnstile", "/turnstile/v0/siteverify"),
    ("hcaptcha", "/siteverify"),
    ("recaptcha", "/recaptcha/api/siteverify"),
];

/// The service times out after five seconds and responds within six.
const TIMEOUT: std::ops::RangeInclusive<Duration> = Duration::from_secs(4)..=Duration::from_secs(6);

/// Starts a service with this provider, which accepts every answer.
async fn spawn_app(provider: &str) -> App {
    let setup = Setup::new().with("captcha_provider", provider);
    let app = setup.with("captcha_api_key", API_KEY).spawn().await;
    app.captcha.reply_with(success());
    app
}

fn success() -> Reply {
    let verdict = json!({
        "success": true,
        "challenge_ts": "2026-11-22T11:46:27Z",
        "hostname": "app.example.com",
    });
    Reply::Json(200, verdict)
}

/// The fields of a form, in order.
fn form(request: &Received) -> Vec<(String, String)> {
    let fields = form_urlencoded::parse(&request.body);
    fields.into_owned().collect()
}

async fn assert_refused(app: &App, reply: Reply, error: &ApiError) {
    app.captcha.reply_with(reply);
    app.register(&registration()).await.assert_error(error);
    assert_no_user(app).await;
}

#[tokio::test]
async fn each_provider_is_sent_one_form_with_the_secret_and_the_response() {
    for (provider, path) in PROVIDERS {
        let app = spawn_app(provider).await;
        let token = "0.token_of-the.widget+/= &żółw";
        let body = registration_with("captcha_answer", token);
        app.register(&body).await.assert_status(201);
        let received = app.captcha.received();
        assert_eq!(received.len(), 1, "{provider}");
        let request = &received[0];
        assert_eq!(request.method.as_str(), "POST");
        assert_eq!(request.path, path);
        let content_type = request.header("content-type");
        assert_eq!(content_type, Some("application/x-www-form-urlencoded"));
        let length = request.body.len().to_string();
        assert_eq!(request.header("content-length"), Some(length.as_str()));
        let expected = [("secret", API_KEY), ("response", token)];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(form(request), expected, "{provider}");
    }
}

#[tokio::test]
async fn only_a_true_success_passes() {
    for (provider, _) in PROVIDERS {
        let app = spawn_app(provider).await;
        for verdict in [
            json!({"success": false}),
            json!({"success": false, "error-codes": ["invalid-input-response"]}),
            json!({"success": false, "error-codes": ["timeout-or-duplicate"]}),
            json!({"success": false, "error-codes": ["missing-input-response", 7, null]}),
            json!({"success": false, "error-codes": "invalid-input-secret"}),
            json!({"success": null}),
            json!({"success": "true"}),
            json!({"success": 1}),
            json!({"success": [true]}),
            json!({"is_valid": true}),
            json!({}),
            json!([]),
            json!([{"success": true}]),
            json!(true),
            Value::Null,
        ] {
            assert_refused(&app, Reply::Json(200, verdict), &INVALID_CAPTCHA).await;
        }
        app.captcha.reply_with(success());
        app.register(&registration()).await.assert_status(201);
    }
}

#[tokio::test]
async fn an_error_about_our_key_is_logged_and_not_a_wrong_answer() {
    for (provider, _) in PROVIDERS {
        for code in [
            "missing-input-secret",
            "invalid-input-secret",
            "sitekey-secret-mismatch",
            "internal-error",
        ] {
            let app = spawn_app(provider).await;
            let codes = json!(["invalid-input-response", code]);
            let verdict = json!({"success": false, "error-codes": codes});
            assert_refused(&app, Reply::Json(200, verdict), &CAPTCHA_ERROR).await;
            let output = app.server.output();
            assert!(output.contains(code), "{output}");
            assert!(!output.contains(API_KEY), "{output}");
        }
    }
}

#[tokio::test]
async fn an_error_of_the_provider_is_not_a_wrong_answer() {
    for (provider, _) in PROVIDERS {
        let app = spawn_app(provider).await;
        for status in [302, 400, 401, 403, 404, 429, 500, 502, 503] {
            let reply = Reply::Json(status, json!({"success": true}));
            assert_refused(&app, reply, &CAPTCHA_ERROR).await;
        }
        for text in ["", "<html>", "success", "{\"success\": true"] {
            assert_refused(&app, Reply::Text(200, text), &CAPTCHA_ERROR).await;
        }
    }
}

#[tokio::test]
async fn a_provider_that_takes_longer_than_five_seconds_times_out() {
    let start = Instant::now();
    let slow = PROVIDERS.map(|(provider, _)| async move {
        let app = spawn_app(provider).await;
        let start = Instant::now();
        assert_refused(&app, Reply::Silence, &CAPTCHA_TIMEOUT).await;
        assert!(TIMEOUT.contains(&start.elapsed()), "{:?}", start.elapsed());
        assert_refused(&app, Reply::Trickle, &CAPTCHA_TIMEOUT).await;
    });
    futures_util::future::join_all(slow).await;
    assert!(start.elapsed() > 2 * *TIMEOUT.start());
}

#[tokio::test]
async fn a_provider_that_refuses_connections_is_unavailable() {
    for (provider, _) in PROVIDERS {
        let mut app = spawn_app(provider).await;
        app.captcha.stop().await;
        let response = app.register(&registration()).await;
        response.assert_error(&CAPTCHA_UNAVAILABLE);
        assert_no_user(&app).await;
    }
}

#[tokio::test]
async fn a_registration_needs_no_captcha_id() {
    let app = spawn_app("turnstile").await;
    let mut absent = registration_of("absent@example.com", "absent");
    absent
        .as_object_mut()
        .expect("an object")
        .remove("captcha_id");
    app.register(&absent).await.assert_status(201);
    let mut null = registration_of("null@example.com", "null");
    null["captcha_id"] = Value::Null;
    app.register(&null).await.assert_status(201);
    app.register(&registration_with("captcha_id", "nope"))
        .await
        .assert_status(422);
    assert_eq!(app.captcha.received().len(), 2);
}

#[tokio::test]
async fn without_a_valid_key_and_host_the_service_is_not_ready() {
    for (variable, value) in [
        ("captcha_api_key", ""),
        ("captcha_api_key", "two\nlines"),
        ("captcha_api_host", "ftp://challenges.cloudflare.com:21"),
    ] {
        let setup = Setup::new().with("captcha_provider", "turnstile");
        let setup = setup.with("captcha_api_key", API_KEY);
        let app = setup.with(variable, value).spawn().await;
        app.get("/health/ready").await.assert_status(503);
        assert!(app.server.output().contains(variable));
    }
}
