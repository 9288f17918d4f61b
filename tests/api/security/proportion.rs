//! No request costs out of proportion: whatever a body of a megabyte holds, the answer is short, and
//! little memory and time goes into it.

use std::time::Instant;

use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use uuid::Uuid;

use crate::helpers::answer::Answer;
use crate::helpers::app::{App, Setup};
use crate::helpers::crowd::{address, spawn_throttled_app};
use crate::helpers::server::is_spin;
use crate::helpers::shapes::{MAX_BODY, ROUTES, Route, Shape, shapes_without_fields};
use crate::helpers::stub::Reply;
use crate::helpers::tally::{Tally, expect};
use crate::helpers::trace::{instructions_of, memory_after};

/// The longest answer, in bytes.
const ANSWER: usize = 16 * 1024;
/// How much more memory than an idle instance has, in bytes.
const MEMORY: u64 = 8 * 1024 * 1024;
/// What a core executes in 40 ms at least, in WebAssembly instructions: where they are not counted,
/// these bodies take a millisecond of CPU for each 9.4 to 20 million.
const INSTRUCTIONS: u64 = 375_000_000;
/// So many requests are sent at once.
const CROWD: usize = 16;
/// What the host may take for each of them beside the instance's growth, in bytes: the instance
/// itself, and what it has received of the body.
const SLACK: u64 = 4 * 1024 * 1024;
/// So many more requests than a limit allows are sent.
const EXTRA: usize = 5;

/// A service whose hashes are as dear as they are in earnest, and which lets nobody register.
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

/// What is wrong with an answer, if anything.
fn wrong_with(answer: &Answer) -> Option<String> {
    let length = answer.text.len();
    let is_refused = (400..500).contains(&answer.status) || matches!(answer.status, 202 | 204);
    let is_short = length <= ANSWER;
    (!is_refused || !is_short).then(|| format!("{} and {length} bytes", answer.status))
}

/// The linear memory of an instance that has answered every route in a few bytes.
async fn idle_memory(app: &App) -> u64 {
    for route in &ROUTES {
        Answer::to(post(app, route, b"{}".to_vec())).await;
    }
    let (_, calls) = app.measure(|| app.request(Method::GET, "/")).await;
    memory_after(&calls)
}

#[tokio::test]
async fn a_body_of_any_shape_takes_little_memory_and_time() {
    if is_spin() {
        return;
    }
    let app = spawn(Setup::new().traced()).await;
    let idle = idle_memory(&app).await;
    println!("an idle instance has {idle} bytes");
    let mut wrong = Vec::new();
    for route in &ROUTES {
        for shape in route.shapes() {
            let what = &shape.what;
            let (answer, calls) = app.measure(|| post(&app, route, shape.body())).await;
            let grown = memory_after(&calls).saturating_sub(idle);
            let instructions = instructions_of(&calls);
            let figures = format!(
                "{} {what}: {grown} bytes of memory, {instructions} instructions",
                route.path
            );
            println!("{} {} {figures}", answer.status, answer.text.len());
            wrong.extend(wrong_with(&answer).map(|it| format!("{} {what}: {it}", route.path)));
            if grown > MEMORY || instructions > INSTRUCTIONS {
                wrong.push(figures);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Sends these bodies at once, and says what is wrong with an answer, if anything.
async fn send_all(app: &App, bodies: &[(&Route, Shape)]) -> Result<(), String> {
    let requests = bodies
        .iter()
        .map(|(route, shape)| Answer::to(post(app, route, shape.body())));
    let answers = join_all(requests).await;
    for ((route, shape), answer) in bodies.iter().zip(&answers) {
        if let Some(wrong) = wrong_with(answer) {
            return Err(format!("{} {}: {wrong}", route.path, shape.what));
        }
    }
    Ok(())
}

/// The server's memory has never been so much more than it was before.
fn expect_little_memory(app: &App, before_kib: u64) -> Result<(), String> {
    let grown = (app.server.peak_memory_kib() - before_kib) * 1024;
    let holds = grown <= CROWD as u64 * (MEMORY + SLACK);
    expect(holds, || format!("from {before_kib} KiB by {grown} bytes"))
}

#[tokio::test]
async fn sixteen_bodies_of_one_shape_at_once_take_little_memory() {
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

/// Bodies of random shapes, for random routes.
pub(crate) async fn bodies_of_random_shapes(rounds: usize) -> Tally {
    let app = spawn(Setup::new()).await;
    app.get("/").await.assert_status(200);
    let before = app.server.peak_memory_kib();
    Tally::of("16 bodies of a megabyte", rounds, async |_| {
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

fn random(below: usize) -> usize {
    (Uuid::new_v4().as_u128() % below as u128) as usize
}

/// Sends the same body from one address until the limit of its route must have been reached, and
/// says how many of them were looked at.
async fn looked_at(app: &App, route: &Route, address: &str, body: &[u8]) -> usize {
    let start = Instant::now();
    let requests = (0..route.burst + EXTRA).map(|_| {
        let request = post(app, route, body.to_vec());
        Answer::to(request.header("x-forwarded-for", address))
    });
    let answers = join_all(requests).await;
    let refilled = start.elapsed().as_secs() / route.seconds_per_attempt + 1;
    let (refused, looked_at): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 429);
    for answer in refused {
        let wait = answer
            .header("retry-after")
            .and_then(|it| it.parse::<u64>().ok());
        assert!(wait.is_some_and(|wait| wait > 0), "{answer:?}");
    }
    looked_at.len().saturating_sub(refilled as usize)
}

#[tokio::test]
async fn a_body_that_is_refused_counts_as_an_attempt() {
    let app = spawn_throttled_app().await;
    let too_large = vec![b' '; MAX_BODY + 1];
    let mut addresses = (0..).map(address);
    for route in &ROUTES {
        for (what, body) in [("invalid", &b"{"[..]), ("too large", &too_large)] {
            let address = addresses.next().expect("there is no end to them");
            let looked_at = looked_at(&app, route, &address, body).await;
            assert!(
                looked_at <= route.burst,
                "{} {what}: {looked_at}",
                route.path
            );
        }
    }
}
