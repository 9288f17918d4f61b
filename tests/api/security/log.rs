//! The log: one line of JSON per request, security events, and no personal data.

use reqwest::Method;
use serde_json::Value;

use crate::helpers::app::{App, Setup, spawn_app, spawn_app_with};
use crate::helpers::flows::{
    EMAIL, LOGIN, PASSWORD, RESET_PASSWORD, TEST_DATA, Tokens, code_in, registration, token_in,
};
use crate::helpers::response::Response;
use crate::helpers::stub::Reply;
use crate::helpers::time::{SOON, eventually};

/// All JSON lines of the log.
fn lines(app: &App) -> Vec<Value> {
    let output = app.server.output();
    let lines = output
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    lines.collect()
}

/// Waits for the line about the request with this id, and asserts that it is unique.
async fn request_line(app: &App, id: &str) -> Value {
    let of_request = |line: &Value| line["message"] == "request" && line["request_id"] == id;
    let logged = async || lines(app).into_iter().find(of_request);
    let line = eventually("the request is logged", SOON, logged).await;
    let count = lines(app).iter().filter(|line| of_request(line)).count();
    assert_eq!(count, 1, "{id}");
    line
}

async fn assert_logged(app: &App, event: &str) {
    let message = |line: &Value| {
        line["message"]
            .as_str()
            .is_some_and(|text| text.contains(event))
    };
    let logged = async || lines(app).iter().any(message).then_some(());
    eventually(event, SOON, logged).await;
}

#[tokio::test]
async fn every_request_is_logged_once_with_its_route_status_duration_and_id() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let secret_query = format!("{RESET_PASSWORD}?token=a-token");
    for (number, (method, path, route, status)) in [
        (Method::GET, "/health/live", "/health/live", 200),
        (Method::GET, TEST_DATA, TEST_DATA, 401),
        (Method::POST, LOGIN, LOGIN, 422),
        (Method::GET, secret_query.as_str(), RESET_PASSWORD, 405),
        (Method::GET, "/nope/tom@example.com", "none", 404),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("test-{number}");
        let request = app
            .request(method.clone(), path)
            .header("x-request-id", &id);
        Response::to(request).await;
        let line = request_line(&app, &id).await;
        assert_eq!(line["method"], method.as_str(), "{line}");
        assert_eq!(line["route"], route, "{line}");
        assert_eq!(line["status"], status, "{line}");
        assert!(line["ms"].is_u64(), "{line}");
    }
    let output = app.server.output();
    for secret in ["a-token", EMAIL, &tokens.access, &tokens.refresh] {
        assert!(!output.contains(secret), "the log contains {secret}");
    }
}

#[tokio::test]
async fn a_valid_request_id_of_the_client_is_kept() {
    let app = spawn_app().await;
    for id in [
        "7",
        "5f2b7c1e-8a57-4c5e-9f5c-0d8a3a9c3b11",
        "a.b_c-d",
        &"a".repeat(64),
    ] {
        let request = app.request(Method::GET, "/").header("x-request-id", id);
        let response = Response::to(request).await;
        assert_eq!(response.header("x-request-id"), Some(id));
    }
}

#[tokio::test]
async fn an_invalid_request_id_is_replaced() {
    let app = spawn_app().await;
    let without = Response::to(app.request(Method::GET, "/")).await;
    let mut seen = vec![without.header("x-request-id").expect("an id").to_owned()];
    for id in [
        "",
        " ",
        "a b",
        "\"}",
        "a,b",
        "tom@example.com",
        "[31m\u{17C}",
        &"a".repeat(65),
    ] {
        let request = app
            .request(Method::GET, "/")
            .header("x-request-id", id.as_bytes());
        let response = Response::to(request).await;
        let given = response.header("x-request-id").expect("an id").to_owned();
        assert!(
            given != id && uuid::Uuid::parse_str(&given).is_ok(),
            "{id:?}: {given}"
        );
        assert!(!seen.contains(&given), "{given}");
        seen.push(given);
    }
}

#[tokio::test]
async fn security_events_are_logged_without_personal_data() {
    let setup = Setup::new().with("throttle", "on");
    let app = setup.spawn().await;
    let tokens = app.log_tom_in().await;
    let next = Tokens::of(&app.refresh(&tokens.refresh).await);
    app.change("UPDATE sessions SET rotated_at = rotated_at - 11");
    app.refresh(&tokens.refresh).await.assert_status(401);
    assert_logged(&app, "session revoked").await;
    app.login(EMAIL, "wrong password 1")
        .await
        .assert_status(401);
    assert_logged(&app, "login failed").await;
    while app.login(EMAIL, "wrong password 1").await.status != 429 {}
    assert_logged(&app, "throttled").await;
    app.mail_provider.reply_with(Reply::Text(422, "no"));
    app.forgot_password(EMAIL).await.assert_status(202);
    assert_logged(&app, "mail given up").await;
    app.captcha.reply_with(Reply::Text(500, "no"));
    app.register(&registration()).await.assert_status(503);
    assert_logged(&app, "captcha not verified").await;
    let output = app.server.output();
    for private in [
        EMAIL,
        PASSWORD,
        "wrong password 1",
        &tokens.refresh,
        &next.access,
    ] {
        assert!(!output.contains(private), "the log contains {private}");
    }
}

#[tokio::test]
async fn verifications_are_logged_without_addresses_links_and_codes() {
    const NEW: &str = "tom@example.org";
    let app = spawn_app_with("email_verification", "required").await;
    app.register_tom().await;
    let refused = app.login(EMAIL, PASSWORD).await;
    let verification = refused.assert_status(403).field("verification_id");
    assert_logged(&app, "login refused").await;
    app.all_mail_sent().await;
    let mail = app.mail_to(EMAIL, "Verify your email address").await;
    let (token, code) = (token_in(&mail), code_in(&mail));
    app.verify_code(&verification, "none")
        .await
        .assert_status(400);
    assert_logged(&app, "verification refused").await;
    app.verify_email(&token).await.assert_status(200);
    assert_logged(&app, "address verified").await;
    let tokens = app.tokens_of_tom().await;
    let change = app.change_email(&tokens.access, NEW, PASSWORD).await;
    change.assert_status(202);
    assert_logged(&app, "change of address requested").await;
    let output = app.server.output();
    for private in [EMAIL, NEW, PASSWORD, &token, &code] {
        assert!(!output.contains(private), "the log contains {private}");
    }
}

#[tokio::test]
async fn a_client_cannot_inject_log_lines() {
    let app = spawn_app().await;
    let forged = "x\n{\"message\":\"forged\"}";
    app.login(forged, forged).await.assert_status(401);
    app.forgot_password(forged).await.assert_status(422);
    app.get("/%0A%7B%22message%22:%22forged%22%7D")
        .await
        .assert_status(404);
    let agent = app
        .request(Method::GET, "/")
        .header("user-agent", "{\"message\":\"forged\"}");
    Response::to(agent).await;
    flush_log(&app).await;
    assert!(lines(&app).iter().all(|line| line["message"] != "forged"));
}

/// Sends a last request and waits until it is logged, so that all earlier ones are logged, too.
async fn flush_log(app: &App) {
    let last = app.request(Method::GET, "/").header("x-request-id", "last");
    Response::to(last).await;
    request_line(app, "last").await;
}

/// The number of warnings about a setting.
fn warnings(app: &App, variable: &str) -> usize {
    let is_warning = |line: &&Value| {
        line["message"] == "a setting is unsafe in production" && line["variable"] == variable
    };
    lines(app).iter().filter(is_warning).count()
}

#[tokio::test]
async fn settings_that_are_unsafe_in_production_are_logged_once_for_all_instances() {
    let setup = Setup::new()
        .with("email_provider", "log")
        .with("captcha_provider", "off")
        .with("throttle", "off")
        .with("cors_allow_origins", "http://a.example");
    let mut app = setup.spawn().await;
    let unsafe_settings = [
        "email_provider",
        "captcha_provider",
        "throttle",
        "frontend_url",
        "cors_allow_origins",
    ];
    app.get("/health/ready").await.assert_status(200);
    for variable in unsafe_settings {
        let warned = async || (warnings(&app, variable) == 1).then_some(());
        eventually(variable, SOON, warned).await;
    }
    app.restart().await;
    app.change("DELETE FROM warnings WHERE variable = 'throttle'");
    app.get("/health/ready").await.assert_status(200);
    let warned = async || (warnings(&app, "throttle") == 1).then_some(());
    eventually("throttle is logged again", SOON, warned).await;
    assert_eq!(warnings(&app, "email_provider"), 0);
}

#[tokio::test]
async fn settings_that_are_safe_in_production_cause_no_warning() {
    let setup = Setup::new().with("throttle", "on");
    let app = setup
        .with("frontend_url", "https://a.example")
        .spawn()
        .await;
    app.log_tom_in().await;
    assert!(!app.server.output().contains("unsafe in production"));
    assert_eq!(app.count("warnings"), 0);
}

/// Waits for a line about a user with this message, and returns it.
async fn line_about(app: &App, user: &str, message: &str) -> Value {
    let is_it = |line: &Value| line["message"] == message && line["user"] == user;
    let logged = async || lines(app).into_iter().find(is_it);
    eventually(message, SOON, logged).await
}

#[tokio::test]
async fn account_events_are_logged_with_the_user_and_the_reason() {
    let app = spawn_app().await;
    let user = app.register_tom().await;
    line_about(&app, &user, "registered").await;
    let tokens = app.tokens_of_tom().await;
    let login = line_about(&app, &user, "logged in").await;
    app.login(EMAIL, "wrong password 1")
        .await
        .assert_status(401);
    let failed = line_about(&app, &user, "login failed").await;
    assert_eq!(failed["reason"], "wrong password");
    app.logout(&tokens.refresh).await.assert_status(204);
    let logout = line_about(&app, &user, "logged out").await;
    assert_eq!(logout["session"], login["session"]);
    app.refresh(&tokens.refresh).await.assert_status(401);
    assert_logged(&app, "refresh refused").await;
    let token = app.reset_token(1).await;
    app.reset_password(&token, "battery staple 2")
        .await
        .assert_status(200);
    line_about(&app, &user, "password reset").await;
    app.reset_password(&token, "battery staple 2")
        .await
        .assert_status(400);
    assert_logged(&app, "password reset refused").await;
    for private in [EMAIL, &tokens.refresh, &token] {
        assert!(!app.server.output().contains(private), "{private}");
    }
}

#[tokio::test]
async fn the_log_counts_pending_mail() {
    let app = spawn_app().await;
    app.register_tom().await;
    app.mail_provider.reply_with(Reply::Text(503, "later"));
    app.forgot_password(EMAIL).await.assert_status(202);
    let put_off = async || {
        let mut lines = lines(&app).into_iter();
        lines.find(|line| line["message"] == "mail put off")
    };
    let line = eventually("the mail is deferred", SOON, put_off).await;
    assert_eq!(line["waiting"], 1);
}
