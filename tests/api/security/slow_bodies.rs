//! Bodies that trickle: they are refused in time, and nobody else waits for them.

use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::Value;
use tokio::time::sleep;

use crate::helpers::app::{App, Setup, spawn_app};
use crate::helpers::flows::{EMAIL, LOGIN, PASSWORD, REGISTER, Tokens, USERNAME};
use crate::helpers::raw::Trickled;
use crate::helpers::server::is_spin;
use crate::helpers::shapes::{MAX_BODY, ROUTES};
use crate::helpers::tally::{Tally, expect};
use crate::helpers::time::{SOON, eventually};

/// How long a body may take, and how long until it is refused, with some seconds for the machine.
const LIMIT: Duration = Duration::from_secs(10);
const REFUSED_IN: Duration = Duration::from_secs(12);
/// So many trickle at once.
const CROWD: u32 = 1000;
/// After as long the next one comes: all at one moment would be as many new instances, because
/// none is ready to take a second request yet.
const BETWEEN: Duration = Duration::from_millis(4);
/// Each of the others is answered within this time meanwhile.
const OTHERS: Duration = Duration::from_secs(1);
/// So many instances are open at most meanwhile: each takes sixteen requests.
const INSTANCES: usize = 100;
/// And so much memory the server takes at most, in KiB.
const MEMORY: u64 = 512 * 1024;

/// The head of a request whose body is said to have this length.
fn head(path: &str, content_type: &str, length: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: {content_type}\r\n{length}\r\n\r\n")
}

/// It was refused in the agreed form, neither too early nor too late.
fn expect_refused(Trickled { answer, took }: &Trickled) -> Result<(), String> {
    let answer = answer.as_ref().ok_or("no answer")?;
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let is_timeout = answer.status == 408 && body["error_code"] == "BODY_TIMEOUT";
    let holds = is_timeout && body["detail"].is_string() && (LIMIT..REFUSED_IN).contains(took);
    expect(holds, || format!("{answer:?} after {took:?}"))
}

#[tokio::test]
async fn a_body_that_is_not_there_after_ten_seconds_is_refused() {
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
    let answers = requests
        .iter()
        .map(|(_, head, bytes)| app.trickle(head.as_bytes(), bytes));
    for ((what, ..), trickled) in requests.iter().zip(&join_all(answers).await) {
        assert_eq!(expect_refused(trickled), Ok(()), "{what}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_cannot_trickle_on_while_it_is_discarded() {
    let app = spawn_app().await;
    let beginnings = ROUTES.iter().map(|route| {
        let length = "transfer-encoding: chunked";
        let head = head(route.path, route.content_type, length);
        let chunk = " ".repeat(MAX_BODY + 1);
        format!("{head}{:x}\r\n{chunk}\r\n", chunk.len())
    });
    let beginnings: Vec<_> = beginnings.collect();
    let answers = beginnings
        .iter()
        .map(|beginning| app.trickle(beginning.as_bytes(), b"1\r\n \r\n"));
    for (route, Trickled { answer, took }) in ROUTES.iter().zip(&join_all(answers).await) {
        let status = answer.as_ref().map(|answer| answer.status);
        let holds = matches!(status, Some(408 | 413)) && *took < REFUSED_IN;
        assert!(holds, "{}: {answer:?} after {took:?}", route.path);
    }
}

#[tokio::test]
async fn a_body_in_two_pieces_half_a_second_apart_is_taken() {
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
    assert_eq!(trickled.answer.expect("an answer").status, 200);
}

#[tokio::test]
async fn a_thousand_bodies_that_trickle_keep_nobody_else_waiting() {
    if is_spin() {
        return;
    }
    bodies_that_trickle(1).await.assert_no_failures();
}

/// A thousand of them at once, and others meanwhile.
pub(crate) async fn bodies_that_trickle(rounds: usize) -> Tally {
    raise_open_files();
    Tally::of("1,000 bodies that trickle", rounds, async |_| {
        let app = Setup::new().traced().spawn().await;
        let tokens = app.log_tom_in().await;
        let (crowd, others) = join(crowd(&app), others(&app, &tokens)).await;
        crowd.and(others)?;
        let ended = async || (app.open_instances() == 0).then_some(());
        eventually("their instances end", SOON, ended).await;
        Ok(())
    })
    .await
}

/// Lets this process and the hosts that it starts have as many connections open as the system does.
fn raise_open_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("a limit can be raised to its maximum");
}

/// Holds so many connections open with bodies that trickle, until all of them are refused.
async fn crowd(app: &App) -> Result<(), String> {
    let head = head(REGISTER, "application/json", "content-length: 1000");
    let crowd = (0..CROWD).map(async |number| {
        sleep(BETWEEN * number).await;
        app.trickle(head.as_bytes(), b" ").await
    });
    join_all(crowd).await.iter().try_for_each(expect_refused)
}

/// While all of them trickle, others are answered in time, and little is taken.
async fn others(app: &App, tokens: &Tokens) -> Result<(), String> {
    let handled = async || {
        let calls = app.calls();
        let handled = calls.iter().filter(|call| call.begins_request());
        (handled.count() > CROWD as usize).then_some(())
    };
    eventually("all of them trickle", SOON, handled).await;
    for what in ["GET /", "the protected GET", "login"] {
        let start = Instant::now();
        let answer = match what {
            "GET /" => app.get("/").await,
            "login" => app.login(EMAIL, PASSWORD).await,
            _ => app.test_data(&tokens.access).await,
        };
        let (status, took) = (answer.status, start.elapsed());
        println!("{what}: {status} after {took:?}");
        let holds = status == 200 && took < OTHERS;
        expect(holds, || format!("{what}: {status} after {took:?}"))?;
    }
    let (open, memory) = (app.open_instances(), app.server.peak_memory_kib());
    println!("{open} instances, {memory} KiB");
    let holds = open < INSTANCES && memory < MEMORY;
    expect(holds, || format!("{open} instances, {memory} KiB"))
}
