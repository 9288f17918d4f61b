//! Reset links: valid once, for a limited time, and always pointing to the front end.

use reqwest::Method;
use serde_json::json;

use crate::helpers::api_error::INVALID_RESET_TOKEN;
use crate::helpers::app::{App, Setup, spawn_app};
use crate::helpers::flows::{EMAIL, FORGOT_PASSWORD, PASSWORD, RESET_PASSWORD, link_in};
use crate::helpers::response::Response;
use crate::helpers::tally::rounds;
use crate::security::races;

const NEW_PASSWORD: &str = "battery staple 2";
const FRONT_END: &str = "https://app.example.com";

#[tokio::test]
async fn one_of_twenty_concurrent_resets_with_one_token_wins_and_only_its_password_works() {
    races::resets_with_one_token(rounds().min(5))
        .await
        .assert_no_failures();
}

async fn assert_invalid(app: &App, token: &str) {
    let response = app.reset_password(token, NEW_PASSWORD).await;
    response.assert_error(&INVALID_RESET_TOKEN);
}

#[tokio::test]
async fn a_used_superseded_or_expired_token_is_invalid() {
    let app = spawn_app().await;
    app.register_tom().await;
    let superseded = app.next_reset_token(EMAIL).await;
    let used = app.next_reset_token(EMAIL).await;
    assert_invalid(&app, &superseded).await;
    app.reset_password(&used, PASSWORD).await.assert_status(200);
    assert_invalid(&app, &used).await;
    let expired = app.next_reset_token(EMAIL).await;
    app.change("UPDATE password_reset_tokens SET expires_at = datetime('now', '-1 second')");
    assert_invalid(&app, &expired).await;
    app.login(EMAIL, PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn opening_the_link_does_not_use_the_token() {
    let app = spawn_app().await;
    app.register_tom().await;
    let token = app.next_reset_token(EMAIL).await;
    for path in ["/auth/reset-password", RESET_PASSWORD, FORGOT_PASSWORD, "/"] {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            let request = app.request(method, &format!("{path}?token={token}"));
            request.send().await.expect("a response");
        }
    }
    app.reset_password(&token, NEW_PASSWORD)
        .await
        .assert_status(200);
}

#[tokio::test]
async fn request_headers_do_not_affect_the_link() {
    let app = Setup::new().with("frontend_url", FRONT_END).spawn().await;
    app.register_tom().await;
    for headers in [
        vec![("host", "evil.example.com")],
        vec![("host", "app.example.com:80@evil.example.com")],
        vec![("x-forwarded-host", "evil.example.com")],
        vec![("x-forwarded-proto", "javascript")],
        vec![
            ("x-forwarded-host", "evil.example.com"),
            ("x-forwarded-proto", "http"),
        ],
        vec![
            ("x-original-host", "evil.example.com"),
            ("x-host", "evil.example.com"),
        ],
        vec![("forwarded", "host=evil.example.com;proto=http")],
        vec![("spin-full-url", "http://evil.example.com/")],
        vec![("spin-path-info", "//evil.example.com/")],
        vec![
            ("origin", "https://evil.example.com"),
            ("referer", "https://evil.example.com/"),
        ],
    ] {
        app.mail_provider.clear();
        let mut request = app.request(Method::POST, FORGOT_PASSWORD);
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let response = Response::to(request.json(&json!({"email": EMAIL}))).await;
        if response.status != 400 {
            response.assert_status(202);
            assert_links_to_the_front_end(&app, &format!("{headers:?}")).await;
        }
    }
}

#[tokio::test]
async fn an_absolute_request_target_does_not_affect_the_link() {
    let app = Setup::new().with("frontend_url", FRONT_END).spawn().await;
    app.register_tom().await;
    let body = json!({"email": EMAIL}).to_string();
    let request = format!(
        "POST http://evil.example.com{FORGOT_PASSWORD} HTTP/1.1\r\nhost: evil.example.com\r\n\
         connection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let response = app.send_raw(request.as_bytes()).await.expect("a response");
    if response.status == 202 {
        assert_links_to_the_front_end(&app, "an absolute target").await;
    }
}

async fn assert_links_to_the_front_end(app: &App, what: &str) {
    let mail = app.mail(1).await;
    let link = link_in(&mail).to_string();
    let expected = format!("{FRONT_END}/auth/reset-password?token=");
    assert!(link.starts_with(&expected), "{what}: {link}");
    assert!(!mail.json().to_string().contains("evil"), "{what}");
}
