//! Pages of other origins: only those of the settings may call, and only lists with credentials.

use reqwest::Method;

use crate::helpers::answer::Answer;
use crate::helpers::app::{App, Setup, spawn_app};
use crate::helpers::flows::{LOGIN, TEST_DATA};

const FRIEND: &str = "https://app.example.com";
const OTHER_FRIEND: &str = "http://localhost:3000";
const STRANGERS: [&str; 7] = [
    "https://evil.example.com",
    "https://app.example.com.evil.com",
    "https://evilapp.example.com",
    "http://app.example.com",
    "https://app.example.com:8443",
    "https://app.example.com/",
    "null",
];

/// What a browser asks before it sends a login, and what it reads of two answers, one an error.
async fn asked_by(app: &App, origin: &str) -> [reqwest::Response; 3] {
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
    let answers = requests.map(|request| async {
        let answer = request.header("origin", origin).send().await;
        answer.expect("an answer")
    });
    let [preflight, read, error] = answers;
    [preflight.await, read.await, error.await]
}

fn header<'a>(response: &'a reqwest::Response, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// No answer lets pages of this origin read it.
async fn assert_closed(app: &App, origin: &str) {
    for answer in asked_by(app, origin).await {
        for name in [
            "access-control-allow-origin",
            "access-control-allow-credentials",
        ] {
            let value = header(&answer, name);
            // A list may say whom it does allow, but never this origin and never all.
            assert!(
                value != Some(origin) && value != Some("*"),
                "{origin}: {answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn without_a_setting_no_other_origin_is_let_in() {
    let app = spawn_app().await;
    for origin in [FRIEND, OTHER_FRIEND].iter().chain(&STRANGERS) {
        assert_closed(&app, origin).await;
        for answer in asked_by(&app, origin).await {
            assert_eq!(header(&answer, "access-control-allow-origin"), None);
        }
    }
}

#[tokio::test]
async fn the_origins_of_a_list_are_let_in_with_credentials_and_nobody_else() {
    let list = format!("{FRIEND}, {OTHER_FRIEND}");
    let app = Setup::new().with("cors_allow_origins", &list).spawn().await;
    for origin in [FRIEND, OTHER_FRIEND] {
        for answer in asked_by(&app, origin).await {
            assert_eq!(header(&answer, "access-control-allow-origin"), Some(origin));
            assert_eq!(
                header(&answer, "access-control-allow-credentials"),
                Some("true")
            );
            let vary = header(&answer, "vary").unwrap_or_default().to_lowercase();
            assert!(
                vary.contains("origin"),
                "a cache must not mix up origins: {answer:?}"
            );
        }
    }
    for origin in STRANGERS {
        assert_closed(&app, origin).await;
    }
}

#[tokio::test]
async fn a_star_lets_all_in_without_credentials() {
    let app = Setup::new().with("cors_allow_origins", "*").spawn().await;
    for origin in [FRIEND, STRANGERS[0]] {
        for answer in asked_by(&app, origin).await {
            assert_eq!(header(&answer, "access-control-allow-origin"), Some("*"));
            assert_eq!(header(&answer, "access-control-allow-credentials"), None);
        }
    }
}

#[tokio::test]
async fn a_preflight_allows_what_the_front_end_sends() {
    let app = Setup::new()
        .with("cors_allow_origins", FRIEND)
        .spawn()
        .await;
    let [preflight, ..] = asked_by(&app, FRIEND).await;
    assert!(preflight.status().is_success(), "{preflight:?}");
    let allowed = |name| header(&preflight, name).unwrap_or_default().to_lowercase();
    for (name, value) in [
        ("access-control-allow-methods", "post"),
        ("access-control-allow-headers", "authorization"),
        ("access-control-allow-headers", "content-type"),
    ] {
        assert!(allowed(name).contains(value), "{preflight:?}");
    }
    let login = app.request(Method::POST, LOGIN).header("origin", FRIEND);
    let login = Answer::to(login).await;
    assert_eq!(login.header("access-control-allow-origin"), Some(FRIEND));
}
