//! CORS: only configured origins may read responses, and only listed ones with credentials.

use reqwest::Method;

use crate::helpers::app::{App, Setup, spawn_app};
use crate::helpers::flows::{LOGIN, TEST_DATA};
use crate::helpers::response::Response;

const ALLOWED: &str = "https://app.example.com";
const OTHER_ALLOWED: &str = "http://localhost:3000";
const FOREIGN: [&str; 7] = [
    "https://evil.example.com",
    "https://app.example.com.evil.com",
    "https://evilapp.example.com",
    "http://app.example.com",
    "https://app.example.com:8443",
    "https://app.example.com/",
    "null",
];

/// The responses to a preflight for a login, to a successful request and to a failed one.
async fn responses_to(app: &App, origin: &str) -> [reqwest::Response; 3] {
    let preflight = app
        .request(Method::OPTIONS, LOGIN)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type",
        );
    let requests = [
        preflight,
        app.request(Method::GET, "/health/live"),
        app.request(Method::GET, TEST_DATA),
    ];
    let responses = requests.map(|request| async {
        let response = request.header("origin", origin).send().await;
        response.expect("a response")
    });
    let [preflight, read, error] = responses;
    [preflight.await, read.await, error.await]
}

fn header<'a>(response: &'a reqwest::Response, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// Asserts that no response may be read by this origin.
async fn assert_unreadable(app: &App, origin: &str) {
    for response in responses_to(app, origin).await {
        for name in [
            "access-control-allow-origin",
            "access-control-allow-credentials",
        ] {
            let value = header(&response, name);
            // The header may name an allowed origin, but neither this one nor the wildcard.
            assert!(
                value != Some(origin) && value != Some("*"),
                "{origin}: {response:?}"
            );
        }
    }
}

#[tokio::test]
async fn by_default_no_other_origin_is_allowed() {
    let app = spawn_app().await;
    for origin in [ALLOWED, OTHER_ALLOWED].iter().chain(&FOREIGN) {
        assert_unreadable(&app, origin).await;
        for response in responses_to(&app, origin).await {
            assert_eq!(header(&response, "access-control-allow-origin"), None);
        }
    }
}

#[tokio::test]
async fn only_listed_origins_are_allowed_with_credentials() {
    let list = format!("{ALLOWED}, {OTHER_ALLOWED}");
    let app = Setup::new().with("cors_allow_origins", &list).spawn().await;
    for origin in [ALLOWED, OTHER_ALLOWED] {
        for response in responses_to(&app, origin).await {
            assert_eq!(
                header(&response, "access-control-allow-origin"),
                Some(origin)
            );
            assert_eq!(
                header(&response, "access-control-allow-credentials"),
                Some("true")
            );
            let vary = header(&response, "vary").unwrap_or_default().to_lowercase();
            assert!(
                vary.contains("origin"),
                "a cache must not mix up origins: {response:?}"
            );
        }
    }
    for origin in FOREIGN {
        assert_unreadable(&app, origin).await;
    }
}

#[tokio::test]
async fn a_wildcard_allows_every_origin_without_credentials() {
    let app = Setup::new().with("cors_allow_origins", "*").spawn().await;
    for origin in [ALLOWED, FOREIGN[0]] {
        for response in responses_to(&app, origin).await {
            assert_eq!(header(&response, "access-control-allow-origin"), Some("*"));
            assert_eq!(header(&response, "access-control-allow-credentials"), None);
        }
    }
}

#[tokio::test]
async fn a_preflight_allows_what_the_front_end_sends() {
    let app = Setup::new()
        .with("cors_allow_origins", ALLOWED)
        .spawn()
        .await;
    let [preflight, ..] = responses_to(&app, ALLOWED).await;
    assert!(preflight.status().is_success(), "{preflight:?}");
    let allowed = |name| header(&preflight, name).unwrap_or_default().to_lowercase();
    for (name, value) in [
        ("access-control-allow-methods", "post"),
        ("access-control-allow-headers", "authorization"),
        ("access-control-allow-headers", "content-type"),
    ] {
        assert!(allowed(name).contains(value), "{preflight:?}");
    }
    let login = app.request(Method::POST, LOGIN).header("origin", ALLOWED);
    let login = Response::to(login).await;
    assert_eq!(login.header("access-control-allow-origin"), Some(ALLOWED));
}
