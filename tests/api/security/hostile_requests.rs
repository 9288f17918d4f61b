//! Hostile requests: rejected with a short response, and the service survives.

use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::app::{App, spawn_app};
use crate::helpers::flows::{
    FORGOT_PASSWORD, LOGIN, LOGOUT, REFRESH, REGISTER, RESET_PASSWORD, TEST_DATA, registration,
};
use crate::helpers::response::Response;

/// The limit for error responses, in bytes.
const MAX_RESPONSE: usize = 2000;

async fn assert_alive(app: &App) {
    app.get("/health/ready").await.assert_status(200);
    assert_eq!(app.count("users"), 0);
}

/// Builds a request with these header lines and this body.
fn request(headers: &[u8], body: &str) -> Vec<u8> {
    let head = format!("POST {REGISTER} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
    let length = format!("content-length: {}\r\n\r\n{body}", body.len());
    [head.as_bytes(), headers, length.as_bytes()].concat()
}

#[tokio::test]
async fn malformed_http_gets_a_short_error() {
    let app = spawn_app().await;
    let many: String = (0..1000)
        .map(|number| format!("x-header-{number}: 1\r\n"))
        .collect();
    let large = format!("x-large: {}\r\n", "x".repeat(1_000_000));
    let json = "content-type: application/json\r\n";
    for (what, bytes) in [
        ("1,000 headers", request(many.as_bytes(), "{}")),
        ("a header of a megabyte", request(large.as_bytes(), "{}")),
        ("a header without a name", request(b": 1\r\n", "{}")),
        ("a header name with a space", request(b"x y: 1\r\n", "{}")),
        ("a NUL in a header", request(b"x: a\0b\r\n", "{}")),
        ("two lengths", request(b"content-length: 1\r\n", "{}")),
        (
            "a negative length",
            request(b"content-length: -1\r\n", "{}"),
        ),
        (
            "a malformed chunk",
            request(b"transfer-encoding: chunked\r\n", "zz\r\n{}\r\n0\r\n\r\n"),
        ),
        ("no version", b"POST /\r\n\r\n".to_vec()),
        ("no method", b" / HTTP/1.1\r\n\r\n".to_vec()),
        (
            "no host",
            format!("POST {REGISTER} HTTP/1.1\r\n{json}\r\n").into_bytes(),
        ),
        (
            "TLS",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        ),
        (
            "a NUL in the path",
            b"GET /\0 HTTP/1.1\r\nhost: localhost\r\n\r\n".to_vec(),
        ),
        (
            "a length without a body",
            b"POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".to_vec(),
        ),
    ] {
        // Closing the connection without a response is acceptable, too.
        if let Some(response) = app.send_raw(&bytes).await {
            assert!(
                (400..500).contains(&response.status),
                "{what}: {response:?}"
            );
            assert!(response.body.len() < MAX_RESPONSE, "{what}: {response:?}");
        }
    }
    assert_alive(&app).await;
}

#[tokio::test]
async fn headers_that_are_not_utf_8_get_the_hosts_empty_500() {
    let app = spawn_app().await;
    let response = app.send_raw(&request(b"x-bytes: \xff\xfe\r\n", "{}")).await;
    let response = response.expect("a response");
    assert!(matches!(response.status, 400..=500), "{response:?}");
    assert!(
        response.body.is_empty() || response.status < 500,
        "{response:?}"
    );
    assert_alive(&app).await;
}

#[tokio::test]
async fn a_truncated_body_does_not_register() {
    let app = spawn_app().await;
    let body = registration().to_string();
    let head = format!(
        "POST {REGISTER} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        body.len() + 1
    );
    let request = [head.as_bytes(), body.as_bytes()].concat();
    app.send_half(&request).await;
    assert_alive(&app).await;
}

/// Invalid bodies with the right content type, for routes that take JSON.
fn invalid_bodies() -> Vec<String> {
    let valid = registration().to_string();
    let twice = valid.replacen('{', "{\"email\": \"eve@example.com\", ", 1);
    let twice_nested = valid.replacen('{', "{\"\\u0065mail\": \"eve@example.com\", ", 1);
    vec![
        twice,
        twice_nested,
        "\u{FEFF}{}".to_owned(),
        "[".repeat(500_000),
        format!("{{\"a\": {}}}", "9".repeat(100_000)),
        "{\"email\": \"\\ud800\"}".to_owned(),
        json!({"email": {"$ne": null}, "token": {"$gt": ""}, "refresh_token": 0}).to_string(),
        json!(vec![registration(); 3]).to_string(),
    ]
}

#[tokio::test]
async fn invalid_bodies_get_a_short_error() {
    let app = spawn_app().await;
    for path in [REGISTER, REFRESH, LOGOUT, FORGOT_PASSWORD, RESET_PASSWORD] {
        for body in invalid_bodies() {
            assert_refused(&app, path, "application/json", body).await;
        }
        for content_type in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "text/xml",
            ";",
        ] {
            assert_refused(&app, path, content_type, registration().to_string()).await;
        }
    }
    for content_type in [
        "application/json",
        "multipart/form-data; boundary=x",
        "text/plain",
    ] {
        let form = "username=tom&password=correct+horse+1".to_owned();
        assert_refused(&app, LOGIN, content_type, form).await;
    }
    assert_alive(&app).await;
}

async fn assert_refused(app: &App, path: &str, content_type: &str, body: String) {
    let start: String = body.chars().take(60).collect();
    let request = app
        .request(Method::POST, path)
        .header("content-type", content_type);
    let response = Response::to(request.body(body)).await;
    assert!(
        (400..500).contains(&response.status),
        "{path} {start}: {response:?}"
    );
    assert!(
        response.text.len() < MAX_RESPONSE,
        "{path} {start}: {response:?}"
    );
}

#[tokio::test]
async fn ten_megabytes_are_rejected_with_and_without_a_length() {
    let app = spawn_app().await;
    let body = "x".repeat(10 * 1024 * 1024);
    let whole = format!("content-length: {}\r\n\r\n{body}", body.len());
    let chunk = format!(
        "transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    for path in [REGISTER, LOGIN, FORGOT_PASSWORD] {
        for rest in [&whole, &chunk] {
            let request = format!(
                "POST {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
                 content-type: application/json\r\n{rest}"
            );
            // The connection may be reset before the response is read, because the server discards the rest.
            if let Some(response) = app.send_raw(request.as_bytes()).await {
                assert_eq!(response.status, 413, "{path}: {response:?}");
            }
        }
    }
    assert_alive(&app).await;
}

#[tokio::test]
async fn tokens_in_a_query_or_a_cookie_are_ignored() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    for path in [
        format!("{TEST_DATA}?access_token={0}&token={0}", tokens.access),
        format!("{TEST_DATA}?{}", "a=1&".repeat(1000)),
    ] {
        let request = app.request(Method::GET, &path);
        let cookie = format!("access_token={0}; Authorization=Bearer {0}", tokens.access);
        let response = Response::to(request.header("cookie", cookie)).await;
        assert_eq!(
            response.assert_status(401).json()["error_code"],
            Value::from("NOT_AUTHENTICATED")
        );
    }
}
