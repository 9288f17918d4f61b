//! Response headers: those of every response, and CORS.

use reqwest::Method;
use reqwest::header::HeaderMap;

use crate::helpers::app::{App, spawn_app, spawn_app_with};
use crate::helpers::flows::{EMAIL, LOGIN, PASSWORD, TEST_DATA};
use crate::helpers::response::Response;

const PATHS: [&str; 8] = [
    "/",
    "/health/live",
    "/health/ready",
    "/docs",
    "/docs.yaml",
    "/nope",
    LOGIN,
    TEST_DATA,
];

#[tokio::test]
async fn every_response_forbids_content_sniffing() {
    let app = spawn_app().await;
    for path in PATHS {
        let response = app.get(path).await;
        assert_eq!(
            response.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_page_runs_no_foreign_code_allows_no_framing_and_sends_no_referrer() {
    let app = spawn_app().await;
    let page = app.get("/docs").await;
    let policy = page.header("content-security-policy").unwrap_or_default();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe-inline"), "{policy}");
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
}

#[tokio::test]
async fn every_response_has_an_id_that_is_in_the_log() {
    let app = spawn_app().await;
    let mut ids = Vec::new();
    for path in PATHS {
        let response = app.get(path).await;
        ids.push(response.header("x-request-id").expect("an id").to_owned());
    }
    let log = app.server.output();
    for id in &ids {
        assert!(log.contains(id.as_str()), "{id}");
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), PATHS.len());
}

#[tokio::test]
async fn a_harmless_request_id_of_the_client_is_kept() {
    let app = spawn_app().await;
    for (given, kept) in [
        ("5f2b7c1e-a.b_c", true),
        ("", false),
        ("a b", false),
        ("\",\"level\":\"ERROR", false),
        (&"a".repeat(65), false),
    ] {
        let request = app.request(Method::GET, "/").header("x-request-id", given);
        let response = Response::to(request).await;
        assert_eq!(
            response.header("x-request-id") == Some(given),
            kept,
            "{given}"
        );
    }
}

async fn preflight(app: &App, origin: &str) -> HeaderMap {
    let request = app
        .request(Method::OPTIONS, LOGIN)
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type");
    let response = request.send().await.expect("a response");
    response.headers().clone()
}

async fn login_from(app: &App, origin: &str) -> HeaderMap {
    let form = [("username", EMAIL), ("password", PASSWORD)];
    let request = app.request(Method::POST, LOGIN).header("origin", origin);
    Response::to(request.form(&form)).await.headers
}

fn allowed<'a>(headers: &'a HeaderMap, what: &str) -> Option<&'a str> {
    headers
        .get(format!("access-control-allow-{what}"))?
        .to_str()
        .ok()
}

#[tokio::test]
async fn by_default_no_other_origin_may_read_responses() {
    let app = spawn_app().await;
    for headers in [
        preflight(&app, "https://app.example.com").await,
        login_from(&app, "https://app.example.com").await,
    ] {
        assert_eq!(allowed(&headers, "origin"), None);
        assert_eq!(allowed(&headers, "credentials"), None);
    }
}

#[tokio::test]
async fn only_listed_origins_may_read_responses() {
    let list = "https://app.example.com, http://localhost:3000";
    let app = spawn_app_with("cors_allow_origins", list).await;
    for origin in ["https://app.example.com", "http://localhost:3000"] {
        for headers in [
            preflight(&app, origin).await,
            login_from(&app, origin).await,
        ] {
            assert_eq!(allowed(&headers, "origin"), Some(origin));
            assert_eq!(allowed(&headers, "credentials"), Some("true"));
        }
    }
    for origin in [
        "https://evil.example.com",
        "http://app.example.com",
        "https://app.example.com.evil.com",
        "https://app.example.com:8443",
        "null",
    ] {
        for headers in [
            preflight(&app, origin).await,
            login_from(&app, origin).await,
        ] {
            assert_eq!(allowed(&headers, "origin"), None, "{origin}");
        }
    }
}

#[tokio::test]
async fn a_listed_origin_may_send_json_forms_and_tokens() {
    let app = spawn_app_with("cors_allow_origins", "https://app.example.com").await;
    let headers = preflight(&app, "https://app.example.com").await;
    let methods = allowed(&headers, "methods").unwrap_or_default();
    assert!(
        methods.contains("GET") && methods.contains("POST"),
        "{methods}"
    );
    let names = allowed(&headers, "headers")
        .unwrap_or_default()
        .to_lowercase();
    assert!(
        names.contains("authorization") && names.contains("content-type"),
        "{names}"
    );
}

#[tokio::test]
async fn with_a_wildcard_every_origin_may_read_responses_but_send_no_credentials() {
    let app = spawn_app_with("cors_allow_origins", "*").await;
    let origin = "https://anybody.example.com";
    for headers in [
        preflight(&app, origin).await,
        login_from(&app, origin).await,
    ] {
        assert_eq!(allowed(&headers, "origin"), Some("*"));
        assert_eq!(allowed(&headers, "credentials"), None);
    }
}
