//! Attacks on sessions in cookies: requests of other sites' pages, planted and malformed cookies.

use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::helpers::api_error::{
    CROSS_SITE, INVALID_ACCESS_TOKEN, INVALID_REFRESH_TOKEN, NOT_AUTHENTICATED,
};
use crate::helpers::app::{App, Setup, spawn_app};
use crate::helpers::cookies::{
    ACCESS, Cookies, OWN_PAGE, REFRESHED, assert_cleared, set_cookies, with_headers,
};
use crate::helpers::flows::{LOGOUT, REFRESH, TEST_DATA, Tokens};
use crate::helpers::response::Response;

const APP: &str = "https://app.example.com";
const COOKIES: &str = "__Host-gatehouse=x; __Secure-gatehouse-refresh";

/// What browsers send with requests of other origins' pages, and what other programs send.
const FOREIGN: [&[(&str, &str)]; 9] = [
    &[],
    &[("origin", "https://evil.example.com")],
    &[("origin", "http://app.example.com")],
    &[("origin", "https://app.example.com:8443")],
    &[("origin", "https://sub.app.example.com")],
    &[("origin", "null")],
    &[("sec-fetch-site", "same-site"), ("origin", APP)],
    &[("sec-fetch-site", "cross-site"), ("origin", APP)],
    &[
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example.com"),
    ],
];

/// What browsers send with requests of the application's own pages, or of the user.
const OWN: [&[(&str, &str)]; 4] = [
    &OWN_PAGE,
    &[("sec-fetch-site", "same-origin"), ("origin", APP)],
    &[("sec-fetch-site", "none")],
    &[("origin", APP)],
];

async fn spawn() -> App {
    Setup::new().with("frontend_url", APP).spawn().await
}

/// A request with the cookie of a refresh token.
fn post(app: &App, path: &str, refresh_token: &str) -> RequestBuilder {
    let cookie = format!("{COOKIES}={refresh_token}");
    app.request(Method::POST, path).header("cookie", cookie)
}

/// The three kinds of requests that set or use cookies and change something.
fn requests(app: &App, refresh_token: &str) -> [RequestBuilder; 3] {
    [
        app.login_into_cookies(&[]),
        post(app, REFRESH, refresh_token),
        post(app, LOGOUT, refresh_token),
    ]
}

#[tokio::test]
async fn pages_of_other_origins_can_neither_log_in_nor_use_the_cookies() {
    let app = spawn().await;
    let tokens = app.log_tom_in().await;
    for headers in FOREIGN {
        for request in requests(&app, &tokens.refresh) {
            let response = Response::to(with_headers(request, headers)).await;
            response.assert_error(&CROSS_SITE);
            assert_eq!(set_cookies(&response), [""; 0], "{headers:?}");
        }
    }
    assert_eq!(app.count("sessions"), 1);
    assert_eq!(app.value::<i64>("SELECT counter FROM sessions"), 0);
}

#[tokio::test]
async fn own_pages_can() {
    let app = spawn().await;
    app.register_tom().await;
    for headers in OWN {
        let tokens = app.tokens_of_tom().await;
        for (request, status) in requests(&app, &tokens.refresh)
            .into_iter()
            .zip([200, 200, 204])
        {
            let response = Response::to(with_headers(request, headers)).await;
            assert_eq!(set_cookies(response.assert_status(status)).len(), 2);
        }
    }
}

#[tokio::test]
async fn an_exchange_of_a_stored_token_for_cookies_needs_an_own_page() {
    let app = spawn().await;
    let tokens = app.log_tom_in().await;
    let body = json!({"refresh_token": tokens.refresh, "session": "cookie"});
    for headers in FOREIGN {
        let request = app.request(Method::POST, REFRESH).json(&body);
        let response = Response::to(with_headers(request, headers)).await;
        response.assert_error(&CROSS_SITE);
    }
    assert_eq!(app.value::<i64>("SELECT counter FROM sessions"), 0);
}

#[tokio::test]
async fn an_origin_that_cors_allows_can_use_tokens_but_not_cookies() {
    let listed = "https://partner.example.com";
    for cors in [listed, "*"] {
        let setup = Setup::new().with("frontend_url", APP);
        let app = setup.with("cors_allow_origins", cors).spawn().await;
        let tokens = app.log_tom_in().await;
        for headers in [
            &[("origin", listed)][..],
            &[("origin", listed), ("sec-fetch-site", "cross-site")],
            &[("origin", listed), ("sec-fetch-site", "same-site")],
        ] {
            for request in requests(&app, &tokens.refresh) {
                let response = Response::to(with_headers(request, headers)).await;
                response.assert_error(&CROSS_SITE);
            }
        }
        let body = json!({"refresh_token": tokens.refresh});
        let request = app.request(Method::POST, REFRESH).json(&body);
        let headers = [("origin", listed), ("sec-fetch-site", "cross-site")];
        Tokens::of(&Response::to(with_headers(request, &headers)).await);
    }
}

#[tokio::test]
async fn cookies_that_are_sent_twice_are_refused() {
    let app = spawn_app().await;
    let ours = app.log_tom_into_cookies().await;
    let planted = app.cookies_of_tom().await;
    for other in [&ours, &planted] {
        let twice = format!("{}; {}", other.header(), ours.header());
        let response = app.get_with(TEST_DATA, &twice).await;
        response.assert_error(&INVALID_ACCESS_TOKEN);
        let response = app.refresh_with(&twice).await;
        response.assert_error(&INVALID_REFRESH_TOKEN);
        assert_cleared(&response);
        // HTTP/2 splits the header.
        let request = app.request(Method::GET, TEST_DATA);
        let request = request.header("cookie", ours.header());
        let response = Response::to(request.header("cookie", other.header())).await;
        response.assert_error(&INVALID_ACCESS_TOKEN);
    }
    assert_eq!(app.count("sessions"), 2);
}

#[tokio::test]
async fn cookies_in_several_headers_are_read() {
    let app = spawn_app().await;
    let cookies = app.log_tom_into_cookies().await;
    let request = app.request(Method::GET, TEST_DATA);
    let request = request.header("cookie", "theme=dark");
    let request = request.header("cookie", format!("{ACCESS}={}", cookies.access));
    Response::to(request).await.assert_status(200);
}

#[tokio::test]
async fn a_malformed_cookie_is_an_invalid_token() {
    let app = spawn_app().await;
    let cookies = app.log_tom_into_cookies().await;
    let long = "x".repeat(8 * 1024);
    for value in [
        "",
        "nope",
        "\"\"",
        "%00%0d%0a",
        "a.b.c",
        &long,
        &format!("{}.{long}", cookies.access),
        &format!("\"{}\"", cookies.access),
        &format!("{}x", cookies.access),
        &format!("Bearer {}", cookies.access),
    ] {
        let response = app.get_with(TEST_DATA, &format!("{ACCESS}={value}")).await;
        response.assert_error(&INVALID_ACCESS_TOKEN);
        let response = app.refresh_with(&format!("{REFRESHED}={value}")).await;
        response.assert_error(&INVALID_REFRESH_TOKEN);
        let response = app.logout_with(&format!("{REFRESHED}={value}")).await;
        assert_cleared(response.assert_status(204));
    }
    assert_eq!(app.count("sessions"), 1);
}

#[tokio::test]
async fn other_cookies_and_similar_names_are_ignored() {
    let app = spawn_app().await;
    let Cookies { access, refresh } = app.log_tom_into_cookies().await;
    for cookie in [
        String::new(),
        format!("gatehousex={access}"),
        format!("xgatehouse={access}"),
        format!("Gatehouse={access}"),
        format!("theme={ACCESS}={access}"),
        access.clone(),
    ] {
        let response = app.get_with(TEST_DATA, &cookie).await;
        response.assert_error(&NOT_AUTHENTICATED);
    }
    let mut cookie = b"name=\xff\xfe; ".to_vec();
    cookie.extend(format!("{ACCESS}={access}; {REFRESHED}={refresh}").into_bytes());
    let cookie = reqwest::header::HeaderValue::from_bytes(&cookie).expect("a header");
    let request = app.request(Method::GET, TEST_DATA).header("cookie", cookie);
    // Spin answers headers that are not UTF-8 with an empty 500, before the component sees them.
    let response = request.send().await.expect("a response");
    assert!(
        [200, 500].contains(&response.status().as_u16()),
        "{response:?}"
    );
}

#[tokio::test]
async fn no_cookie_passes_for_the_other() {
    let app = spawn_app().await;
    let Cookies { access, refresh } = app.log_tom_into_cookies().await;
    let swapped = Cookies {
        access: refresh.clone(),
        refresh: access.clone(),
    };
    let response = app.get_with(TEST_DATA, &swapped.header()).await;
    response.assert_error(&INVALID_ACCESS_TOKEN);
    let response = app.refresh_with(&swapped.header()).await;
    response.assert_error(&INVALID_REFRESH_TOKEN);
    let response = app.refresh_with(&format!("{ACCESS}={access}")).await;
    response.assert_status(422);
    let response = app
        .get_with(TEST_DATA, &format!("{REFRESHED}={refresh}"))
        .await;
    response.assert_error(&NOT_AUTHENTICATED);
    assert_eq!(app.count("sessions"), 1);
}

#[tokio::test]
async fn no_token_of_a_session_in_cookies_is_in_a_body_or_in_the_log() {
    let app = spawn_app().await;
    app.register_tom().await;
    let login = Response::to(app.login_into_cookies(&OWN_PAGE)).await;
    let first = Cookies::of(&login);
    let refreshed = app.refresh_with(&first.header()).await;
    let second = Cookies::of(&refreshed);
    let out = app.logout_with(&second.header()).await;
    let log = app.server.output();
    for secret in [first.access, first.refresh, second.access, second.refresh] {
        for response in [&login, &refreshed, &out] {
            assert!(!response.text.contains(&secret), "{response:?}");
        }
        assert!(!log.contains(&secret), "{log}");
    }
}
