//! Cross-site requests, caching, and HSTS.

use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::helpers::api_error::CROSS_SITE;
use crate::helpers::app::{App, Setup, spawn_app, spawn_app_with};
use crate::helpers::flows::{
    EMAIL, FORGOT_PASSWORD, LOGIN, LOGOUT, ME, PASSWORD, REFRESH, REGISTER, TEST_DATA, Tokens,
    registration,
};
use crate::helpers::response::Response;

/// Every kind of state-changing request, as the service's own pages would send it.
fn requests(app: &App, tokens: &Tokens) -> [RequestBuilder; 4] {
    let refresh = json!({"refresh_token": tokens.refresh});
    let form = [("username", EMAIL), ("password", PASSWORD)];
    let post = |path| app.request(Method::POST, path);
    [
        post(LOGIN).form(&form),
        post(FORGOT_PASSWORD).json(&json!({"email": EMAIL})),
        post(REFRESH).json(&refresh),
        post(LOGOUT).json(&refresh),
    ]
}

fn rows(app: &App) -> [i64; 3] {
    ["users", "sessions", "password_reset_tokens"].map(|table| app.count(table))
}

#[tokio::test]
async fn cross_site_requests_have_no_effect() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let before = rows(&app);
    for request in requests(&app, &tokens) {
        let request = request.header("sec-fetch-site", "cross-site");
        let request = request.header("origin", "https://evil.example.com");
        Response::to(request).await.assert_error(&CROSS_SITE);
    }
    assert_eq!(rows(&app), before);
    app.refresh(&tokens.refresh).await.assert_status(200);
}

#[tokio::test]
async fn listed_origins_may_send_cross_site_requests() {
    let app = spawn_app_with("cors_allow_origins", "https://app.example.com").await;
    let tokens = app.log_tom_in().await;
    for (request, status) in requests(&app, &tokens)
        .into_iter()
        .zip([200, 202, 200, 204])
    {
        let request = request.header("sec-fetch-site", "cross-site");
        let request = request.header("origin", "https://app.example.com");
        Response::to(request).await.assert_status(status);
    }
}

#[tokio::test]
async fn same_site_requests_and_direct_navigation_are_allowed() {
    let app = spawn_app().await;
    app.register_tom().await;
    for site in ["same-origin", "same-site", "none"] {
        let form = [("username", EMAIL), ("password", PASSWORD)];
        let request = app.request(Method::POST, LOGIN).form(&form);
        let response = Response::to(request.header("sec-fetch-site", site)).await;
        response.assert_status(200);
    }
    let link = app.request(Method::GET, "/auth/login");
    let link = Response::to(link.header("sec-fetch-site", "cross-site")).await;
    link.assert_status(200);
}

#[tokio::test]
async fn json_without_its_content_type_has_no_effect() {
    let app = spawn_app().await;
    app.get("/health/ready").await.assert_status(200);
    for content_type in [
        "",
        "text/plain;charset=UTF-8",
        "multipart/form-data; boundary=x",
    ] {
        let mut request = app.request(Method::POST, REGISTER);
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        let request = request.body(registration().to_string());
        Response::to(request).await.assert_status(422);
    }
    app.assert_untouched();
}

#[tokio::test]
async fn personal_data_is_not_cached() {
    let app = spawn_app().await;
    let registered = app.register(&registration()).await;
    let tokens = app.tokens_of_tom().await;
    let me = app.request(Method::GET, ME).bearer_auth(&tokens.access);
    let responses = [
        registered,
        app.register(&registration()).await,
        app.test_data(&tokens.access).await,
        Response::to(me).await,
        app.get(TEST_DATA).await,
        app.forgot_password(EMAIL).await,
        app.reset_password("nope", PASSWORD).await,
        app.logout(&tokens.refresh).await,
    ];
    for response in responses {
        let cache_control = response.header("cache-control");
        assert_eq!(cache_control, Some("no-store"), "{response:?}");
    }
}

#[tokio::test]
async fn hsts_is_sent_if_the_front_end_uses_https() {
    let app = spawn_app_with("frontend_url", "https://app.example.com").await;
    for path in ["/", "/auth/login", TEST_DATA, "/nope"] {
        let response = app.get(path).await;
        let hsts = response.header("strict-transport-security");
        assert_eq!(hsts, Some("max-age=31536000"), "{response:?}");
    }
}

#[tokio::test]
async fn only_a_trusted_proxy_can_report_a_request_over_https() {
    for (hops, proto, expected) in [
        ("1", "https", true),
        ("1", "http", false),
        ("0", "https", false),
    ] {
        let app = Setup::new().with("trusted_proxy_hops", hops).spawn().await;
        let request = app.request(Method::GET, "/");
        let response = Response::to(request.header("x-forwarded-proto", proto)).await;
        let hsts = response.header("strict-transport-security");
        assert_eq!(hsts.is_some(), expected, "{hops} hops, {proto}");
    }
}
