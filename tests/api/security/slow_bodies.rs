//! Slow bodies: rejected in time, without delaying other requests.

use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::Value;
use tokio::time::sleep;

use crate::helpers::app::{App, Setup, spawn_app};
use crate::helpers::flows::{EMAIL, LOGIN, PASSWORD, REGISTER, Tokens, USERNAME};
use crate::helpers::raw::Trickled;
use crate::helpers::server::{is_spin, is_wasi2};
use crate::helpers::shapes::{MAX_BODY, ROUTES};
use crate::helpers::tally::{Tally, expect};
use crate::helpers::time::{SOON, eventually};

/// The time limit for a body, and for its rejection, with some slack for slow machines.
const BODY_LIMIT: Duration = Duration::from_secs(10);
const REJECTION_LIMIT: Duration = Duration::from_secs(12);
/// The number of concurrent slow bodies.
const CROWD: u32 = 1000;
/// The interval between their starts. Starting all at once would need an instance for each, because a
/// new instance is not yet ready for a second request.
const INTERVAL: Duration = Duration::from_millis(4);
/// The time limit for other requests in the meantime.
const OTHERS_LIMIT: Duration = Duration::from_secs(1);
/// The maximum number of live instances in the meantime; each takes sixteen requests.
const MAX_INSTANCES: usize = 100;
/// The maximum memory of the server, in KiB.
const MAX_MEMORY: u64 = 512 * 1024;

/// The head of a request; `length` is the header line that describes its body's length.
fn head(path: &str, content_type: &str, length: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: {content_type}\r\n{length}\r\n\r\n")
}

/// Expects a 408 with a valid body, neither too early nor too late.
fn expect_refused(Trickled { response, took }: &Trickled) -> Result<(), String> {
    let response = response.as_ref().ok_or("no response")?;
    let body: Value = serde_json::from_str(&response.body).unwrap_or_default();
    let is_timeout = response.status == 408 && body["error_code"] == "BODY_TIMEOUT";
    let holds =
        is_timeout && body["detail"].is_string() && (BODY_LIMIT..REJECTION_LIMIT).contains(took);
    expect(holds, || format!("{response:?} after {took:?}"))
}

#[tokio::test]
async fn a_body_that_takes_longer_than_ten_seconds_is_rejected() {
    let app = spawn_app().await;
    let mut requests = Vec::new();
    for route in &ROUTES {
        for (how, length, bytes) in [
            ("byte by byte", "content-length: 1000", &b" "[..]),
            ("not at all", "content-length: 1000", b""),
            ("by chunks", "transfer-encoding: chunked", b"1\r\n \r\n"),
        ] {
            let head = head(route.path, route.content_type, length);
            requests.push((format!("{} {how}", route.path), head, bytes));
        }
    }
    let responses = requests
        .iter()
        .map(|(_, head, bytes)| app.trickle(head.as_bytes(), bytes));
    for ((what, ..), trickled) in requests.iter().zip(&join_all(responses).await) {
        assert_eq!(expect_refused(trickled), Ok(()), "{what}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_cannot_trickle_while_it_is_discarded() {
    let app = spawn_app().await;
    let beginnings = ROUTES.iter().map(|route| {
        let length = "transfer-encoding: chunked";
        let head = head(route.path, route.content_type, length);
        let chunk = " ".repeat(MAX_BODY + 1);
        format!("{head}{:x}\r\n{chunk}\r\n", chunk.len())
    });
    let beginnings: Vec<_> = beginnings.collect();
    let responses = beginnings
        .iter()
        .map(|beginning| app.trickle(beginning.as_bytes(), b"1\r\n \r\n"));
    for (route, Trickled { response, took }) in ROUTES.iter().zip(&join_all(responses).await) {
        let status = response.as_ref().map(|response| response.status);
        let holds = matches!(status, Some(408 | 413)) && *took < REJECTION_LIMIT;
        assert!(holds, "{}: {response:?} after {took:?}", route.path);
    }
}

#[tokio::test]
async fn a_body_in_two_pieces_half_a_second_apart_is_accepted() {
    let app = spawn_app().await;
    app.register_tom().await;
    let form = format!(
        "username={USERNAME}&password={}",
        PASSWORD.replace(' ', "+")
    );
    let (first, second) = form.split_at(form.len() / 2);
    let length = format!("connection: close\r\ncontent-length: {}", form.len());
    let head = head(LOGIN, "application/x-www-form-urlencoded", &length);
    let beginning = format!("{head}{first}");
    let trickled = app.trickle(beginning.as_bytes(), second.as_bytes()).await;
    assert_eq!(trickled.response.expect("a response").status, 200);
}

#[tokio::test]
async fn a_thousand_slow_bodies_delay_no_other_request() {
    // With WASI 0.2, each slow body occupies an instance, and a host has a thousand.
    if is_spin() || is_wasi2() {
        return;
    }
    slow_bodies(1).await.assert_no_failures();
}

/// Sends a thousand slow bodies concurrently, and other requests in the meantime.
pub(crate) async fn slow_bodies(rounds: usize) -> Tally {
    raise_open_files();
    Tally::of("1,000 slow bodies", rounds, async |_| {
        let app = Setup::new().traced().spawn().await;
        let tokens = app.log_tom_in().await;
        let (crowd, others) = join(crowd(&app), others(&app, &tokens)).await;
        crowd.and(others)?;
        let ended = async || (app.open_instances() == 0).then_some(());
        eventually("the instances end", SOON, ended).await;
        Ok(())
    })
    .await
}

/// Raises the limit of open files for this process and its hosts to the system's maximum.
fn raise_open_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("a raised limit");
}

/// Keeps many connections open with slow bodies until all are rejected.
async fn crowd(app: &App) -> Result<(), String> {
    let head = head(REGISTER, "application/json", "content-length: 1000");
    let crowd = (0..CROWD).map(async |number| {
        sleep(INTERVAL * number).await;
        app.trickle(head.as_bytes(), b" ").await
    });
    join_all(crowd).await.iter().try_for_each(expect_refused)
}

/// Expects that other requests are answered in time, and that the server needs few resources.
async fn others(app: &App, tokens: &Tokens) -> Result<(), String> {
    let handled = async || {
        let calls = app.calls();
        let handled = calls.iter().filter(|call| call.begins_request());
        (handled.count() > CROWD as usize).then_some(())
    };
    eventually("all slow bodies have started", SOON, handled).await;
    for what in ["GET /", "the protected GET", "login"] {
        let start = Instant::now();
        let response = match what {
            "GET /" => app.get("/").await,
            "login" => app.login(EMAIL, PASSWORD).await,
            _ => app.test_data(&tokens.access).await,
        };
        let (status, took) = (response.status, start.elapsed());
        println!("{what}: {status} after {took:?}");
        let holds = status == 200 && took < OTHERS_LIMIT;
        expect(holds, || format!("{what}: {status} after {took:?}"))?;
    }
    let (open, memory) = (app.open_instances(), app.server.peak_memory_kib());
    println!("{open} instances, {memory} KiB");
    let holds = open < MAX_INSTANCES && memory < MAX_MEMORY;
    expect(holds, || format!("{open} instances, {memory} KiB"))
}
