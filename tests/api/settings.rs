//! Invalid settings, and servers that cannot start.

use std::net::TcpListener;

use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::app::{App, Setup, spawn_app_with};
use crate::helpers::flows::{EMAIL, LOGIN, PASSWORD, REGISTER, TEST_DATA};
use crate::helpers::response::Response;
use crate::helpers::server::listen_address;

/// Asserts that the service is not ready, and that the log names the variable without its value.
async fn assert_invalid_setting(app: &App, variable: &str, value: &str) {
    let response = app.get("/health/ready").await;
    let mut body = response.assert_status(503).json();
    assert!(body["version"].take().is_string());
    assert_eq!(
        body,
        json!({
            "status": "unavailable",
            "version": null,
            "uptime": null,
            "components": {"settings": "unusable"},
        })
    );
    assert_logged(app, variable);
    if value.len() > 3 {
        assert!(
            !app.server.output().contains(value),
            "the log contains the value of {variable}"
        );
    }
}

fn assert_logged(app: &App, variable: &str) {
    let output = app.server.output();
    let mut lines = output
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let is_logged = lines.any(|line| {
        line["variable"] == variable && line["message"].as_str().is_some_and(|text| text.len() > 30)
    });
    assert!(is_logged, "the log does not name {variable}");
}

#[tokio::test]
async fn the_log_names_an_invalid_setting_without_its_value() {
    for (variable, value) in [
        ("secret_key", "only-31-bytes-long-secret-key-x"),
        ("secret_key_previous", "only-31-bytes-long-previous-key"),
        ("algorithm", "RS256"),
        ("algorithm", "none"),
        ("access_token_expire_minutes", "thirty"),
        ("access_token_expire_minutes", "0"),
        ("refresh_token_expire_days", "-1"),
        ("reset_token_expire_minutes", "1.5e1"),
        ("session_max_days", "forever"),
        ("password_rules", "very-strict"),
        ("password_min_length", "six-or-so"),
        ("password_breach_check", "perhaps"),
        ("argon2_memory_kib", "lots-of-it"),
        ("argon2_passes", "0"),
        ("frontend_url", "app.example.org/no-scheme"),
        ("frontend_url", "javascript:alert(1)"),
        ("captcha_provider", "unknown-provider"),
        ("captcha_service_host", "ftp://captcha.example.org:21"),
        ("captcha_service_path", "no-slash-first"),
        ("email_provider", "pigeon"),
        ("email_api_key", ""),
        ("emails_from_email", "not-an-address"),
        ("emails_from_name", ""),
        ("cors_allow_origins", "app.example.org"),
        ("trusted_proxy_hops", "some-proxies"),
        ("throttle", "perhaps"),
        ("brand_color", "no colour at all"),
        ("brand_color", "#0066cc;} body{"),
        ("brand_logo", "https://cdn.example.com;sandbox/logo.png"),
        ("brand_logo", "https://*.example.com/logo.png"),
        ("brand_logo", "/..//evil.example/logo.png"),
        ("terms_url", "javascript:alert(document.domain)"),
        ("privacy_url", "http://example.com/privacy"),
    ] {
        let app = spawn_app_with(variable, value).await;
        assert_invalid_setting(&app, variable, value).await;
    }
}

#[tokio::test]
async fn with_invalid_settings_every_route_except_the_readiness_probe_fails() {
    let app = spawn_app_with("algorithm", "none").await;
    let misconfigured = json!({
        "detail": "The service is misconfigured, its log says how.",
        "error_code": "MISCONFIGURED",
    });
    for (method, path) in [
        (Method::GET, "/"),
        (Method::GET, "/health/live"),
        (Method::GET, "/openapi.json"),
        (Method::GET, TEST_DATA),
        (Method::POST, REGISTER),
        (Method::POST, LOGIN),
    ] {
        let response = app.request(method, path).send().await.expect("a response");
        assert_eq!(response.status(), 500, "{path}");
        let body: Value = response.json().await.expect("JSON");
        assert_eq!(body, misconfigured, "{path}");
    }
}

#[tokio::test]
async fn the_responses_of_a_misconfigured_service_match_the_description() {
    let app = spawn_app_with("algorithm", "none").await;
    for path in [
        "/",
        "/health/live",
        "/openapi.json",
        "/docs.yaml",
        "/docs",
        TEST_DATA,
    ] {
        app.get(path).await.assert_status(500);
    }
    app.login(EMAIL, PASSWORD).await.assert_status(500);
}

#[tokio::test]
async fn a_server_without_a_secret_key_exits_with_a_message() {
    let setup = Setup::new().without("secret_key");
    let mut server = setup.spawn_server(&listen_address());
    assert!(!server.wait_for_exit().await.success());
    let output = server.output();
    assert!(output.contains("secret_key"), "{output}");
}

#[tokio::test]
async fn all_problems_are_reported_at_once() {
    let app = Setup::new()
        .with("secret_key", "short")
        .with("algorithm", "none")
        .with("frontend_url", "nowhere")
        .spawn()
        .await;
    for variable in ["secret_key", "algorithm", "frontend_url"] {
        assert_invalid_setting(&app, variable, "").await;
    }
}

#[tokio::test]
async fn a_secret_key_of_32_bytes_is_the_only_required_setting() {
    let app = Setup::new()
        .with("secret_key", &"k".repeat(32))
        .without("argon2_memory_kib")
        .without("argon2_passes")
        .without("captcha_provider")
        .without("email_provider")
        .without("email_api_key")
        .spawn()
        .await;
    app.get("/health/ready").await.assert_status(200);
    let hello = Response::to(app.request(Method::GET, "/")).await;
    hello.assert_status(200);
}

#[tokio::test]
async fn a_server_whose_port_is_in_use_exits_with_a_message() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener
        .local_addr()
        .expect("a bound socket has an address")
        .to_string();
    let setup = Setup::new();
    let mut server = setup.spawn_server(&address);
    assert!(!server.wait_for_exit().await.success());
    let output = server.output();
    assert!(
        output.contains(&address) || output.contains("in use"),
        "{output}"
    );
}
