//! Security headers of every response.

use reqwest::Method;
use serde_json::json;

use crate::helpers::app::{App, Setup, spawn_app, spawn_app_with};
use crate::helpers::flows::{
    EMAIL, FORGOT_PASSWORD, LOGIN, LOGOUT, PASSWORD, REFRESH, REGISTER, RESET_PASSWORD, TEST_DATA,
    registration,
};
use crate::helpers::response::Response;
use crate::helpers::stub::Reply;

const PATHS: [&str; 14] = [
    REGISTER,
    LOGIN,
    REFRESH,
    LOGOUT,
    FORGOT_PASSWORD,
    RESET_PASSWORD,
    TEST_DATA,
    "/health/live",
    "/health/ready",
    "/",
    "/openapi.json",
    "/docs.yaml",
    "/docs",
    "/nope",
];

fn assert_safe(response: &Response) {
    assert_eq!(
        response.header("x-content-type-options"),
        Some("nosniff"),
        "{response:?}"
    );
    let content_type = response.header("content-type").unwrap_or_default();
    let is_text = response.text.is_empty() || !content_type.is_empty();
    assert!(is_text, "a body without a content type: {response:?}");
    for name in ["server", "x-powered-by"] {
        assert_eq!(response.header(name), None, "{response:?}");
    }
}

#[tokio::test]
async fn every_route_forbids_sniffing_for_every_method() {
    let app = spawn_app().await;
    for path in PATHS {
        for method in [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::DELETE,
            Method::PATCH,
        ] {
            assert_safe(&Response::to(app.request(method, path)).await);
        }
        for method in [Method::HEAD, Method::OPTIONS] {
            let response = app.request(method, path).send().await.expect("a response");
            let nosniff = response.headers().get("x-content-type-options");
            assert!(
                nosniff.is_some_and(|value| value == "nosniff"),
                "{response:?}"
            );
        }
    }
}

/// One response for each status that requesting all routes does not cause.
async fn rare_responses(app: &App) -> Vec<Response> {
    let large = app.post(REGISTER, &json!("x".repeat(1_100_000))).await;
    let wrong = app.login(EMAIL, "wrong password 1").await;
    let taken = app.register(&registration()).await;
    let bad_reset = app.reset_password("nope", "battery staple 2").await;
    app.captcha.reply_with(Reply::Text(500, ""));
    let unavailable = app.register(&registration()).await;
    let mut throttled = app.login(EMAIL, "wrong password 1").await;
    while throttled.status != 429 {
        throttled = app.login(EMAIL, "wrong password 1").await;
    }
    app.database()
        .execute_batch("DROP TABLE users")
        .expect("a dropped table");
    let broken = app.forgot_password(EMAIL).await;
    vec![
        large,
        wrong,
        taken,
        bad_reset,
        unavailable,
        throttled,
        broken,
    ]
}

#[tokio::test]
async fn errors_have_the_same_headers() {
    let app = spawn_app_with("throttle", "on").await;
    app.register_tom().await;
    let responses = rare_responses(&app).await;
    let statuses: Vec<_> = responses.iter().map(|response| response.status).collect();
    assert_eq!(statuses, [413, 401, 409, 400, 503, 429, 500]);
    for response in responses {
        assert_safe(&response);
    }
    let misconfigured = spawn_app_with("algorithm", "none").await;
    assert_safe(&misconfigured.get("/").await);
}

#[tokio::test]
async fn responses_with_tokens_are_not_cached() {
    let app = spawn_app().await;
    app.register_tom().await;
    let login = app.login(EMAIL, PASSWORD).await;
    let refresh = app.refresh(&login.field("refresh_token")).await;
    let retried = app.refresh(&login.field("refresh_token")).await;
    for response in [login, refresh, retried] {
        response.assert_status(200);
        assert_eq!(
            response.header("cache-control"),
            Some("no-store"),
            "{response:?}"
        );
    }
}

#[tokio::test]
async fn a_page_runs_no_foreign_script_and_allows_no_framing() {
    let app = Setup::new()
        .with("emails_from_name", "<script>alert(1)</script>")
        .spawn()
        .await;
    let page = app.get("/docs").await;
    assert!(
        page.header("content-type")
            .is_some_and(|value| value.starts_with("text/html"))
    );
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    let policy = page
        .header("content-security-policy")
        .expect("a page has a policy");
    let directive = |name: &str| {
        let mut directives = policy.split(';').map(str::trim);
        directives
            .find_map(|directive| directive.strip_prefix(name))
            .map(str::trim)
    };
    let scripts = directive("script-src").or(directive("default-src"));
    let scripts = scripts.expect("a directive for scripts");
    for unsafe_source in [
        "'unsafe-inline'",
        "'unsafe-eval'",
        "*",
        "http:",
        "https:",
        "data:",
    ] {
        assert!(!scripts.contains(unsafe_source), "{policy}");
    }
    assert!(
        !page.text.contains("<script>") && !page.text.contains("onclick="),
        "inline script"
    );
}
