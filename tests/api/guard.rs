//! The guard before an application: who passes, what the application learns, and what clients get.

use std::io::{Read, Write};
use std::net::TcpStream;

use futures_util::future::join_all;
use reqwest::header::HeaderValue;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;
use tokio::time::{Duration, Instant, timeout};

use crate::helpers::app::{App, spawn_app};
use crate::helpers::flows::TEST_DATA;
use crate::helpers::guard::{Guarded, Wiring, session, stub_of_gatehouse, wirings};
use crate::helpers::server::{is_spin, is_wasi2};
use crate::helpers::stub::{Reply, Stub};
use crate::helpers::time::{SOON, eventually};

const BEARER: (&str, &str) = ("authorization", "Bearer a-token");
const COOKIE: (&str, &str) = ("cookie", "gatehouse=a-token");
const OWN_PAGE: (&str, &str) = ("sec-fetch-site", "same-origin");
const NAVIGATION: (&str, &str) = ("sec-fetch-mode", "navigate");
/// Long enough that a host that collected it would show.
const LONG: usize = 50_000_000;

async fn guarded_by(wiring: Wiring, gatehouse: &str, variables: &[(&str, &str)]) -> Guarded {
    let gatehouse = ("guard_gatehouse", gatehouse);
    let variables: Vec<_> = variables.iter().copied().chain([gatehouse]).collect();
    Guarded::start(wiring, &variables).await
}

async fn send(request: RequestBuilder, headers: &[(&str, &str)]) -> Response {
    let add = |request: RequestBuilder, (name, value): &(&str, &str)| request.header(*name, *value);
    let request = headers.iter().fold(request, add);
    request.send().await.expect("a response")
}

/// The request that the application got.
async fn description(response: Response) -> Value {
    assert_eq!(response.status(), 200);
    let text = response.text().await.expect("a readable response");
    serde_json::from_str(&text).expect("JSON")
}

/// The values of a header that the application got.
fn values<'a>(description: &'a Value, name: &str) -> Vec<&'a str> {
    let headers = description["headers"].as_array().expect("headers");
    let of_name = headers.iter().filter(|header| header[0] == name);
    of_name
        .map(|header| header[1].as_str().expect("a value"))
        .collect()
}

async fn assert_error(response: Response, status: u16, code: &str) {
    assert_eq!(response.status(), status, "{code}");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let text = response.text().await.expect("a readable response");
    let body: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(body["error_code"], code);
    assert!(body["detail"].is_string(), "{body}");
}

#[tokio::test]
async fn the_application_learns_who_the_person_is_and_nothing_that_a_client_forged() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let me = app.test_data(&tokens.access).await.json();
    for wiring in wirings() {
        let guarded = guarded_by(*wiring, &url(&app), &[]).await;
        let bearer = format!("Bearer {}", tokens.access);
        let headers = [
            ("authorization", &*bearer),
            ("X-Gatehouse-Role", "ADMIN"),
            ("x-gatehouse-user-id", "somebody-else"),
            ("x_gatehouse_role", "ADMIN"),
            ("x-gatehouse-anything", "x"),
            ("cookie", "theme=dark; gatehouse=x; gatehouse-refresh=y"),
        ];
        let response = send(guarded.get("/page?q=1"), &headers).await;
        assert_eq!(response.headers()["cache-control"], "private");
        let got = description(response).await;
        for (name, expected) in [
            (
                "x-gatehouse-user-id",
                me["user_id"].as_str().expect("an id"),
            ),
            ("x-gatehouse-username", "Tom"),
            ("x-gatehouse-email", "tom@example.com"),
            ("x-gatehouse-email-verified", "false"),
            ("x-gatehouse-role", "REGULAR"),
            ("x-gatehouse-subscription", "FREE"),
            ("cookie", "theme=dark"),
        ] {
            assert_eq!(values(&got, name), [expected], "{wiring:?} {name}");
        }
        for name in [
            "x_gatehouse_role",
            "x-gatehouse-anything",
            "authorization",
            "connection",
        ] {
            assert!(values(&got, name).is_empty(), "{wiring:?} {name}");
        }
        assert_eq!(values(&got, "x-gatehouse-session").len(), 1);
        let uri = got["uri"].as_str().expect("a URI");
        assert!(uri.ends_with("/page?q=1"), "{uri}");
    }
}

fn url(app: &App) -> String {
    format!("http://{}", app.authority())
}

#[tokio::test]
async fn a_session_in_a_cookie_ends_with_the_logout_at_once() {
    let app = spawn_app().await;
    app.register_tom().await;
    for wiring in wirings() {
        let guarded = guarded_by(*wiring, &url(&app), &[]).await;
        let cookies = app.cookies_of_tom().await;
        let header = cookies.header();
        let cookie = [("cookie", &*header)];
        let got = description(send(guarded.get("/"), &cookie).await).await;
        assert_eq!(values(&got, "x-gatehouse-username"), ["Tom"]);
        assert!(values(&got, "cookie").is_empty());
        app.logout_with(&header).await.assert_status(204);
        let response = send(guarded.get("/"), &cookie).await;
        assert_error(response, 401, "INVALID_ACCESS_TOKEN").await;
        let navigation = [("cookie", &*header), NAVIGATION];
        let response = send(guarded.get("/a?b=c&d"), &navigation).await;
        assert_eq!(response.status(), 303);
        let location = "/auth/continue?return_to=%2Fa%3Fb%3Dc%26d";
        assert_eq!(response.headers()["location"], location);
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn without_a_session_the_error_is_that_of_gatehouse() {
    let app = spawn_app().await;
    for wiring in wirings() {
        let guarded = guarded_by(*wiring, &url(&app), &[]).await;
        for headers in [&[][..], &[("authorization", "Bearer not-a-token")]] {
            let theirs = send(app.request(Method::GET, TEST_DATA), headers).await;
            let ours = send(guarded.get("/"), headers).await;
            assert_eq!(ours.status(), theirs.status());
            for name in ["www-authenticate", "content-type", "cache-control"] {
                assert_eq!(ours.headers()[name], theirs.headers()[name], "{name}");
            }
            let theirs = theirs.text().await.expect("text");
            assert_eq!(ours.text().await.expect("text"), theirs);
        }
    }
}

#[tokio::test]
async fn a_page_of_another_site_changes_nothing_with_the_cookie() {
    let gatehouse = stub_of_gatehouse().await;
    for wiring in wirings() {
        let guarded = guarded_by(*wiring, gatehouse.url(), &[]).await;
        let own = format!("http://{}", guarded.authority());
        for (method, headers, status) in [
            (Method::POST, vec![COOKIE, OWN_PAGE], 200),
            (Method::POST, vec![COOKIE, ("sec-fetch-site", "none")], 200),
            (Method::POST, vec![COOKIE, ("origin", &own)], 200),
            (
                Method::GET,
                vec![COOKIE, ("sec-fetch-site", "cross-site")],
                200,
            ),
            (
                Method::POST,
                vec![BEARER, ("sec-fetch-site", "cross-site")],
                200,
            ),
            (
                Method::POST,
                vec![COOKIE, ("sec-fetch-site", "cross-site")],
                403,
            ),
            (
                Method::DELETE,
                vec![COOKIE, ("sec-fetch-site", "same-site")],
                403,
            ),
            (
                Method::PUT,
                vec![COOKIE, ("origin", "https://evil.example")],
                403,
            ),
            (Method::PATCH, vec![COOKIE, ("origin", "null")], 403),
            (Method::POST, vec![COOKIE], 403),
        ] {
            gatehouse.clear();
            let response = send(guarded.request(method.clone(), "/"), &headers).await;
            if status == 403 {
                assert_error(response, 403, "CROSS_SITE").await;
                assert!(gatehouse.received().is_empty());
            } else {
                assert_eq!(response.status(), status, "{method} {headers:?}");
            }
        }
    }
}

#[tokio::test]
async fn gatehouse_gets_one_call_with_the_credential_alone() {
    let gatehouse = stub_of_gatehouse().await;
    for wiring in wirings() {
        let guarded = guarded_by(*wiring, gatehouse.url(), &[]).await;
        for (credential, name, expected) in [
            (BEARER, "authorization", "Bearer a-token"),
            (
                ("cookie", "a=1; gatehouse=a-token; b=2"),
                "cookie",
                "gatehouse=a-token",
            ),
        ] {
            gatehouse.clear();
            let headers = [
                credential,
                ("x-gatehouse-client-addr", "6.6.6.6:1"),
                ("spin-client-addr", "6.6.6.6:1"),
                ("x-other", "1"),
            ];
            let request = guarded.request(Method::POST, "/").body("a body");
            let response = send(request, &[&headers[..], &[OWN_PAGE]].concat()).await;
            assert_eq!(response.status(), 200);
            let [call] = &gatehouse.received()[..] else {
                panic!("{:?}", gatehouse.received());
            };
            assert_eq!(call.method, Method::HEAD);
            assert_eq!(call.path, "/api/v1/auth/session");
            assert_eq!(call.header(name), Some(expected));
            let address = call.header("spin-client-addr").expect("an address");
            assert!(address.starts_with("127.0.0.1:"), "{address}");
            assert_eq!(call.header("x-gatehouse-client-addr"), None);
            assert_eq!(call.header("x-other"), None);
            assert!(call.body.is_empty());
        }
    }
}

#[tokio::test]
async fn without_an_answer_of_gatehouse_nothing_passes() {
    let mut incomplete = session();
    incomplete.remove("x-gatehouse-user-id");
    let mut gatehouse = stub_of_gatehouse().await;
    for wiring in wirings() {
        let guarded = guarded_by(*wiring, gatehouse.url(), &[]).await;
        for reply in [
            Reply::Headers(500, session()),
            Reply::Headers(503, session()),
            Reply::Headers(404, session()),
            Reply::Headers(302, session()),
            Reply::Headers(200, incomplete.clone()),
            Reply::Json(200, json!([])),
            Reply::Json(200, json!({"user_id": "u"})),
            Reply::Text(200, "<html>"),
            Reply::Text(204, ""),
        ] {
            gatehouse.reply_with(reply);
            for headers in [&[BEARER][..], &[COOKIE, NAVIGATION]] {
                let response = send(guarded.get("/"), headers).await;
                assert_error(response, 503, "ACCOUNTS_UNAVAILABLE").await;
            }
        }
        gatehouse.reply_with(Reply::Busy("7"));
        let response = send(guarded.get("/"), &[COOKIE, NAVIGATION]).await;
        assert_eq!(response.headers()["retry-after"], "7");
        assert_error(response, 429, "TOO_MANY_REQUESTS").await;
        for silence in [Reply::Silence, Reply::Trickle] {
            gatehouse.reply_with(silence);
            let start = Instant::now();
            let response = send(guarded.get("/"), &[BEARER]).await;
            assert_error(response, 503, "ACCOUNTS_UNAVAILABLE").await;
            assert!(start.elapsed() < Duration::from_secs(15), "{wiring:?}");
        }
        gatehouse.reply_with(Reply::Headers(200, session()));
        let response = send(guarded.get("/"), &[BEARER]).await;
        assert_eq!(response.status(), 200, "it recovers");
    }
    for wiring in wirings() {
        let guarded = guarded_by(*wiring, gatehouse.url(), &[]).await;
        gatehouse.stop().await;
        let response = send(guarded.get("/"), &[BEARER]).await;
        assert_error(response, 503, "ACCOUNTS_UNAVAILABLE").await;
        gatehouse = stub_of_gatehouse().await;
    }
}

#[tokio::test]
async fn roles_subscriptions_and_verified_addresses_can_be_required() {
    let gatehouse = stub_of_gatehouse().await;
    for wiring in wirings() {
        for (variable, value, header, allowed, code) in [
            (
                "guard_require_role",
                "admin,MODERATOR",
                "x-gatehouse-role",
                "Moderator",
                "FORBIDDEN",
            ),
            (
                "guard_require_subscription",
                "PRO",
                "x-gatehouse-subscription",
                "PRO",
                "FORBIDDEN",
            ),
            (
                "guard_require_verified",
                "true",
                "x-gatehouse-email-verified",
                "true",
                "EMAIL_NOT_VERIFIED",
            ),
        ] {
            let guarded = guarded_by(*wiring, gatehouse.url(), &[(variable, value)]).await;
            gatehouse.reply_with(Reply::Headers(200, session()));
            let response = send(guarded.get("/"), &[BEARER, NAVIGATION]).await;
            assert_error(response, 403, code).await;
            let mut permitted = session();
            permitted.insert(header, HeaderValue::from_static(allowed));
            gatehouse.reply_with(Reply::Headers(200, permitted));
            let response = send(guarded.get("/"), &[BEARER]).await;
            assert_eq!(response.status(), 200, "{wiring:?} {variable}");
        }
    }
}

/// Sends a path that no HTTP library would send as it is, and returns the status.
async fn status_of(guarded: &Guarded, path: &'static str) -> u16 {
    let authority = guarded.authority().to_owned();
    let response = spawn_blocking(move || {
        let mut connection = TcpStream::connect(&authority).expect("a connection");
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).expect("sent");
        let mut response = String::new();
        connection.read_to_string(&mut response).expect("text");
        response
    });
    let response = response.await.expect("no panic");
    let status = response.split(' ').nth(1).expect("a status");
    status.parse().expect("a number")
}

#[tokio::test]
async fn public_paths_need_no_session_and_no_spelling_leads_from_them_to_others() {
    let gatehouse = stub_of_gatehouse().await;
    let public = [("guard_public_paths", "/about, /public/...")];
    for wiring in wirings() {
        let guarded = guarded_by(*wiring, gatehouse.url(), &public).await;
        for path in [
            "/about",
            "/about?q=/../x",
            "/public",
            "/public/",
            "/public/a.css",
        ] {
            let headers = [BEARER, COOKIE, ("x-gatehouse-role", "ADMIN")];
            let response = send(guarded.get(path), &headers).await;
            assert_eq!(response.headers().get("cache-control"), None, "{path}");
            let got = description(response).await;
            for name in ["x-gatehouse-role", "x-gatehouse-user-id", "cookie"] {
                assert!(values(&got, name).is_empty(), "{path} {name}");
            }
        }
        assert!(
            gatehouse.received().is_empty(),
            "{:?}",
            gatehouse.received()
        );
        for path in [
            "/",
            "/About",
            "/about/",
            "/publicity",
            "/PUBLIC/a",
            "/public/../admin",
            "/public/..",
            "/public/./a",
            "/public//a",
            "//public/a",
            "/public/%2e%2e/admin",
            "/public/.%2E/admin",
            "/public/%252e%252e/admin",
            "/public%2f..%2fadmin",
            "/public/..%2fadmin",
            "/public/..%5cadmin",
            "/public/..\\admin",
            "/public/..;/admin",
            "/public;/../admin",
            "/public/%c0%ae%c0%ae/admin",
            "/public/%00",
            "/%70ublic/a",
        ] {
            let status = status_of(&guarded, path).await;
            // The host refuses a path that is no URI.
            assert!([400, 401].contains(&status), "{wiring:?} {path}: {status}");
        }
    }
}

#[tokio::test]
async fn a_setting_that_cannot_be_used_lets_nothing_through_and_is_named_in_the_log() {
    let gatehouse = stub_of_gatehouse().await;
    for wiring in wirings() {
        for (variable, value) in [
            ("guard_require_verified", "yes"),
            ("guard_public_paths", "/..."),
            ("guard_require_role", "ADMIN,"),
            ("guard_origin", "not-an-origin"),
        ] {
            let guarded = guarded_by(*wiring, gatehouse.url(), &[(variable, value)]).await;
            for path in ["/", "/public"] {
                let response = send(guarded.get(path), &[BEARER]).await;
                assert_error(response, 500, "MISCONFIGURED").await;
            }
            let logged = async || {
                let output = guarded.server.output();
                output.contains(variable).then_some(output)
            };
            let output = eventually("the variable is named", SOON, logged).await;
            assert!(!output.contains(&format!(" {value} ")), "{output}");
        }
        assert!(gatehouse.received().is_empty());
    }
}

#[tokio::test]
async fn middleware_that_inherits_too_little_lets_nothing_through() {
    if is_wasi2() {
        return;
    }
    let gatehouse = stub_of_gatehouse().await;
    let variables = [
        ("guard_gatehouse", gatehouse.url()),
        ("guard_public_paths", "/public/..."),
    ];
    for (inherited, on_spin, on_host) in [
        (&[][..], (500, 500), (500, 500)),
        (&["allowed_outbound_hosts"], (500, 500), (500, 500)),
        (&["variables"], (503, 200), (500, 200)),
    ] {
        let guarded = Guarded::start_inheriting(inherited, Wiring::Middleware, &variables).await;
        let private = send(guarded.get("/"), &[BEARER]).await.status().as_u16();
        let public = send(guarded.get("/public/a"), &[]).await.status().as_u16();
        // The host ends what Spin answers with an error.
        let expected = if is_spin() { on_spin } else { on_host };
        assert_eq!((private, public), expected, "{inherited:?}");
    }
    assert!(gatehouse.received().is_empty());
}

#[tokio::test]
async fn every_refusal_is_logged_with_its_reason_and_without_the_credential() {
    let gatehouse = Stub::start(Reply::Text(401, "")).await;
    for wiring in wirings() {
        let guarded = guarded_by(*wiring, gatehouse.url(), &[]).await;
        let id = ("x-request-id", "a-request");
        let headers = [("authorization", "Bearer a-secret"), id];
        send(guarded.get("/path?token=a-secret"), &headers).await;
        let line = async || {
            let output = guarded.server.output();
            let lines = output
                .lines()
                .filter_map(|line| serde_json::from_str(line).ok());
            let mut lines = lines.filter(|line: &Value| line["message"] == "request refused");
            lines.next()
        };
        let line = eventually("the refusal is logged", SOON, line).await;
        assert_eq!(line["reason"], "INVALID_ACCESS_TOKEN");
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["status"], 401);
        assert_eq!(line["method"], "GET");
        assert_eq!(line["route"], "/...");
        assert_eq!(line["request_id"], "a-request");
        assert!(line["timestamp"].is_string());
        assert!(!guarded.server.output().contains("a-secret"));
    }
}

#[tokio::test]
async fn websockets_are_refused() {
    let gatehouse = stub_of_gatehouse().await;
    for wiring in wirings() {
        let guarded = guarded_by(*wiring, gatehouse.url(), &[]).await;
        let headers = [
            COOKIE,
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-version", "13"),
        ];
        let response = send(guarded.get("/"), &headers).await;
        assert_error(response, 501, "NOT_IMPLEMENTED").await;
    }
}

#[tokio::test]
async fn the_application_decides_about_caching_if_it_says_anything() {
    let gatehouse = stub_of_gatehouse().await;
    for wiring in wirings() {
        let guarded = guarded_by(*wiring, gatehouse.url(), &[]).await;
        for (path, expected) in [
            ("/cacheable", "public, max-age=60"),
            ("/sized/3", "private"),
            ("/stream/3", "private"),
        ] {
            let response = send(guarded.get(path), &[BEARER]).await;
            let caching: Vec<_> = response.headers().get_all("cache-control").iter().collect();
            assert_eq!(caching, [expected], "{wiring:?} {path}");
        }
    }
}

/// Reads the body chunk by chunk, and returns its length.
async fn length_of(mut response: Response) -> usize {
    assert_eq!(response.status(), 200);
    let mut length = 0;
    while let Some(chunk) = response.chunk().await.expect("a whole body") {
        length += chunk.len();
    }
    length
}

#[tokio::test]
async fn long_bodies_pass_both_ways_and_take_no_memory() {
    let gatehouse = stub_of_gatehouse().await;
    for wiring in wirings() {
        let guarded = guarded_by(*wiring, gatehouse.url(), &[]).await;
        let response = send(guarded.get("/"), &[BEARER]).await;
        assert_eq!(response.status(), 200);
        let before = guarded.server.peak_memory_kib();
        for path in ["/stream", "/sized"] {
            let path = format!("{path}/{LONG}");
            let response = send(guarded.get(&path), &[BEARER]).await;
            assert_eq!(length_of(response).await, LONG, "{wiring:?} {path}");
        }
        let request = guarded.request(Method::POST, "/echo");
        let response = send(request.body(vec![b'x'; LONG]), &[BEARER]).await;
        assert_eq!(length_of(response).await, LONG, "{wiring:?} /echo");
        let more = guarded.server.peak_memory_kib() - before;
        assert!(more < 40_000, "{wiring:?}: {more} KiB");
    }
}

#[tokio::test]
async fn a_response_need_not_wait_for_the_whole_request() {
    let gatehouse = stub_of_gatehouse().await;
    for wiring in wirings() {
        let guarded = guarded_by(*wiring, gatehouse.url(), &[]).await;
        let request = guarded.request(Method::POST, "/sized/10");
        let response = send(request.body(vec![b'x'; LONG]), &[BEARER]).await;
        assert_eq!(length_of(response).await, 10, "{wiring:?}");
    }
}

#[tokio::test]
async fn events_arrive_while_their_response_goes_on() {
    let gatehouse = stub_of_gatehouse().await;
    for wiring in wirings() {
        let guarded = guarded_by(*wiring, gatehouse.url(), &[]).await;
        let mut response = send(guarded.get("/events"), &[BEARER]).await;
        let mut received = Vec::new();
        while received.len() < 3 * "data: event\n\n".len() {
            let chunk = timeout(SOON, response.chunk()).await;
            let chunk = chunk.expect("in time").expect("an open stream");
            received.extend_from_slice(&chunk.expect("a chunk"));
        }
        let events = "data: event\n\n".repeat(received.len() / 13);
        assert!(events.as_bytes().starts_with(&received), "{wiring:?}");
    }
}

/// Ten milliseconds are also how long the guard waits for the end of a body.
#[tokio::test]
async fn a_body_may_end_in_the_moment_in_which_the_guard_stops_waiting_for_it() {
    let gatehouse = stub_of_gatehouse().await;
    for wiring in wirings() {
        let guarded = guarded_by(*wiring, gatehouse.url(), &[]).await;
        for _ in 0..50 {
            let requests = (0..16).map(|_| send(guarded.get("/late/10"), &[BEARER]));
            for response in join_all(requests).await {
                assert_eq!(response.status(), 200, "{wiring:?}");
                assert_eq!(length_of(response).await, 0, "{wiring:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_head_request_has_the_headers_alone() {
    let gatehouse = stub_of_gatehouse().await;
    for wiring in wirings() {
        let guarded = guarded_by(*wiring, gatehouse.url(), &[]).await;
        let request = guarded.request(Method::HEAD, "/stream/5");
        let response = send(request, &[BEARER]).await;
        assert_eq!(response.status(), StatusCode::OK, "{wiring:?}");
        assert_eq!(length_of(response).await, 0);
        let request = guarded.request(Method::HEAD, "/");
        let response = send(request, &[]).await;
        assert_eq!(response.status(), 401);
    }
}

/// Whether a response has ended. Its body is zeros, or empty.
fn is_whole(response: &[u8]) -> bool {
    let text = String::from_utf8_lossy(response).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    match head.split_once("content-length: ") {
        Some((_, rest)) => rest.lines().next() == Some(&*body.len().to_string()),
        None => body.ends_with("0\r\n\r\n"),
    }
}

/// How many of 1,000 responses over one connection do not arrive with the first read.
async fn split_responses(guarded: &Guarded, path: &'static str, status: &'static str) -> usize {
    let authority = guarded.authority().to_owned();
    let split = spawn_blocking(move || {
        let (name, value) = BEARER;
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: {authority}\r\n{name}: {value}\r\n\r\n");
        let mut connection = TcpStream::connect(authority).expect("a connection");
        let mut is_split = |_: &usize| {
            connection.write_all(request.as_bytes()).expect("sent");
            let mut response = Vec::new();
            let mut reads = 0;
            while !is_whole(&response) {
                let mut part = [0; 16_384];
                let length = connection.read(&mut part).expect("a response");
                assert_ne!(length, 0, "the server closed the connection");
                response.extend_from_slice(&part[..length]);
                reads += 1;
            }
            let line = format!("HTTP/1.1 {status} ");
            assert!(response.starts_with(line.as_bytes()), "another status");
            reads > 1
        };
        (0..1_000).filter(|it| is_split(it)).count()
    });
    split.await.expect("no panic")
}

#[tokio::test]
async fn short_responses_leave_in_one_packet_whether_their_length_is_known_or_not() {
    let gatehouse = stub_of_gatehouse().await;
    for wiring in wirings() {
        let guarded = guarded_by(*wiring, gatehouse.url(), &[]).await;
        for path in ["/sized/500", "/stream/500", "/stream/0"] {
            let split = split_responses(&guarded, path, "200").await;
            // Under load, the system may interrupt the host between a head and its body.
            assert!(split <= 10, "{wiring:?} {path}: {split}");
        }
        gatehouse.reply_with(Reply::Json(401, json!({"detail": "no"})));
        let split = split_responses(&guarded, "/", "401").await;
        assert!(split <= 10, "{wiring:?} refused: {split}");
        gatehouse.reply_with(Reply::Headers(200, session()));
    }
}
