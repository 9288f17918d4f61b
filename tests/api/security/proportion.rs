//! Proportionate cost: whatever a 1 MiB body contains, the response is short and takes little memory and
//! time.

use std::time::Instant;

use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use uuid::Uuid;

use crate::helpers::app::{App, Setup};
use crate::helpers::crowd::{address, spawn_throttled_app};
use crate::helpers::response::Response;
use crate::helpers::server::is_spin;
use crate::helpers::shapes::{MAX_BODY, ROUTES, Route, Shape, shapes_without_fields};
use crate::helpers::stub::Reply;
use crate::helpers::tally::{Tally, expect};
use crate::helpers::trace::{instructions_of, memory_after};

/// The longest allowed response, in bytes.
const MAX_RESPONSE: usize = 16 * 1024;
/// The allowed growth over the memory of an idle instance, in bytes.
const MAX_GROWTH: u64 = 8 * 1024 * 1024;
/// The allowed WebAssembly instructions: what a core executes in at least 40 ms. Without counting, these
/// bodies take a millisecond of CPU for every 9.4 to 20 million.
const MAX_INSTRUCTIONS: u64 = 375_000_000;
/// The number of concurrent requests.
const CROWD: usize = 16;
/// The host's allowance per request beyond the growth of the instance, in bytes: for the instance itself
/// and the buffered body.
const SLACK: u64 = 4 * 1024 * 1024;
/// The number of requests beyond a limit.
const EXTRA: usize = 5;

/// Starts a service with production hashes that rejects every captcha answer.
async fn spawn(setup: Setup) -> App {
    let setup = setup.without("argon2_memory_kib").without("argon2_passes");
    let app = setup.spawn().await;
    let no = json!({"is_valid": false});
    app.captcha.reply_with(Reply::Json(200, no));
    app
}

fn post(app: &App, route: &Route, body: Vec<u8>) -> RequestBuilder {
    let request = app.request(Method::POST, route.path);
    request
        .header("content-type", route.content_type)
        .body(body)
}

/// The problem with a response, if there is one.
fn problem_of(response: &Response) -> Option<String> {
    let length = response.text.len();
    let is_refused = (400..500).contains(&response.status) || matches!(response.status, 202 | 204);
    let is_short = length <= MAX_RESPONSE;
    (!is_refused || !is_short).then(|| format!("{} and {length} bytes", response.status))
}

/// The linear memory of an instance after a tiny request to each route.
async fn idle_memory(app: &App) -> u64 {
    for route in &ROUTES {
        Response::to(post(app, route, b"{}".to_vec())).await;
    }
    let (_, calls) = app.measure(app.request(Method::GET, "/")).await;
    memory_after(&calls)
}

#[tokio::test]
async fn a_body_of_any_shape_takes_little_memory_and_time() {
    if is_spin() {
        return;
    }
    let app = spawn(Setup::new().traced()).await;
    let idle = idle_memory(&app).await;
    println!("idle instance: {idle} bytes");
    let mut problems = Vec::new();
    for route in &ROUTES {
        for shape in route.shapes() {
            let what = &shape.what;
            let (response, calls) = app.measure(post(&app, route, shape.body())).await;
            let grown = memory_after(&calls).saturating_sub(idle);
            let instructions = instructions_of(&calls);
            let figures = format!(
                "{} {what}: {grown} bytes of memory, {instructions} instructions",
                route.path
            );
            println!("{} {} {figures}", response.status, response.text.len());
            problems.extend(problem_of(&response).map(|it| format!("{} {what}: {it}", route.path)));
            if grown > MAX_GROWTH || instructions > MAX_INSTRUCTIONS {
                problems.push(figures);
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Sends these bodies concurrently, and returns the first problem with a response as an error.
async fn send_all(app: &App, bodies: &[(&Route, Shape)]) -> Result<(), String> {
    let requests = bodies
        .iter()
        .map(|(route, shape)| Response::to(post(app, route, shape.body())));
    let responses = join_all(requests).await;
    for ((route, shape), response) in bodies.iter().zip(&responses) {
        if let Some(problem) = problem_of(response) {
            return Err(format!("{} {}: {problem}", route.path, shape.what));
        }
    }
    Ok(())
}

/// Checks the growth of the server's peak memory.
fn expect_little_memory(app: &App, before_kib: u64) -> Result<(), String> {
    let grown = (app.server.peak_memory_kib() - before_kib) * 1024;
    let holds = grown <= CROWD as u64 * (MAX_GROWTH + SLACK);
    expect(holds, || {
        format!("grew by {grown} bytes from {before_kib} KiB")
    })
}

#[tokio::test]
async fn sixteen_concurrent_bodies_of_one_shape_take_little_memory() {
    if is_spin() {
        return;
    }
    let app = spawn(Setup::new()).await;
    app.get("/").await.assert_status(200);
    let before = app.server.peak_memory_kib();
    let [register, ..] = &ROUTES;
    for number in 0..shapes_without_fields().len() {
        let bodies = (0..CROWD).map(|_| (register, shapes_without_fields().swap_remove(number)));
        let bodies: Vec<_> = bodies.collect();
        assert_eq!(send_all(&app, &bodies).await, Ok(()));
        let what = &bodies[0].1.what;
        assert_eq!(expect_little_memory(&app, before), Ok(()), "{what}");
    }
    println!("from {before} to {} KiB", app.server.peak_memory_kib());
}

/// Sends bodies of random shapes to random routes.
pub(crate) async fn bodies_of_random_shapes(rounds: usize) -> Tally {
    let app = spawn(Setup::new()).await;
    app.get("/").await.assert_status(200);
    let before = app.server.peak_memory_kib();
    Tally::of("16 bodies of 1 MiB", rounds, async |_| {
        let bodies = (0..CROWD).map(|_| {
            let route = &ROUTES[random(ROUTES.len())];
            let mut shapes = route.shapes();
            (route, shapes.swap_remove(random(shapes.len())))
        });
        let bodies: Vec<_> = bodies.collect();
        send_all(&app, &bodies).await?;
        expect_little_memory(&app, before)
    })
    .await
}

fn random(limit: usize) -> usize {
    (Uuid::new_v4().as_u128() % limit as u128) as usize
}

/// Sends the same body from one address until its route's limit is exceeded, and returns how many of the
/// requests were processed.
async fn count_processed(app: &App, route: &Route, address: &str, body: &[u8]) -> usize {
    let start = Instant::now();
    let requests = (0..route.burst + EXTRA).map(|_| {
        let request = post(app, route, body.to_vec());
        Response::to(request.header("x-forwarded-for", address))
    });
    let responses = join_all(requests).await;
    let refilled = start.elapsed().as_secs() / route.seconds_per_attempt + 1;
    let (throttled, processed): (Vec<_>, Vec<_>) = responses
        .iter()
        .partition(|response| response.status == 429);
    for response in throttled {
        let wait = response
            .header("retry-after")
            .and_then(|it| it.parse::<u64>().ok());
        assert!(wait.is_some_and(|wait| wait > 0), "{response:?}");
    }
    processed.len().saturating_sub(refilled as usize)
}

#[tokio::test]
async fn a_rejected_body_counts_as_an_attempt() {
    let app = spawn_throttled_app().await;
    let too_large = vec![b' '; MAX_BODY + 1];
    let mut addresses = (0..).map(address);
    for route in &ROUTES {
        for (what, body) in [("invalid", &b"{"[..]), ("too large", &too_large)] {
            let address = addresses.next().expect("an endless iterator");
            let processed = count_processed(&app, route, &address, body).await;
            assert!(
                processed <= route.burst,
                "{} {what}: {processed}",
                route.path
            );
        }
    }
}
