//! `gatehouse-echo` for WASI 0.2, so that it runs on Spin before 4.1.
// The names of its exports are valid only in a component.
#![cfg(target_family = "wasm")]

use std::iter;

use futures_util::{Stream, StreamExt, stream};
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use serde_json::json;
use wstd::http::{Body, Error, Request, Response};
use wstd::time::{Duration, Timer};

const CHUNK: usize = 16 * 1024;

#[wstd::http_server]
async fn main(request: Request<Body>) -> Result<Response<Body>, Error> {
    let path = request.uri().path().to_owned();
    let mut segments = path.split('/').skip(1);
    let length = |segment: Option<&str>| segment.and_then(|length| length.parse().ok());
    let builder = Response::builder();
    Ok(match segments.next() {
        Some("echo") => builder.body(request.into_body())?,
        Some("stream") => builder.body(zeros(length(segments.next()).unwrap_or(0)))?,
        Some("sized") => {
            let length = length(segments.next()).unwrap_or(0);
            builder.header(CONTENT_LENGTH, length).body(zeros(length))?
        }
        Some("events") => builder
            .header(CONTENT_TYPE, "text/event-stream")
            .body(Body::from_stream(events()))?,
        Some("late") => builder.body(late(length(segments.next()).unwrap_or(0)))?,
        Some("cacheable") => builder
            .header(CACHE_CONTROL, "public, max-age=60")
            .body("ok".into())?,
        _ => builder
            .header(CONTENT_TYPE, "application/json")
            .body(description(request).await?)?,
    })
}

/// As many zeros, in chunks.
fn zeros(length: usize) -> Body {
    let chunks = iter::repeat_n(CHUNK, length / CHUNK).chain([length % CHUNK]);
    Body::from_stream(stream::iter(chunks.map(|length| vec![0; length])))
}

fn events() -> impl Stream<Item = &'static str> {
    stream::repeat("data: event\n\n").then(async |event| {
        Timer::after(Duration::from_millis(50)).wait().await;
        event
    })
}

/// Nothing, but the end comes after some milliseconds.
fn late(milliseconds: usize) -> Body {
    let wait = Duration::from_millis(milliseconds as u64);
    Body::from_stream(stream::once(async move {
        Timer::after(wait).wait().await;
        Vec::new()
    }))
}

async fn description(request: Request<Body>) -> Result<Body, Error> {
    let (head, mut body) = request.into_parts();
    let headers: Vec<_> = head
        .headers
        .iter()
        .map(|(name, value)| {
            [name.as_str(), &String::from_utf8_lossy(value.as_bytes())].map(str::to_owned)
        })
        .collect();
    let description = json!({
        "method": head.method.as_str(),
        "uri": head.uri.to_string(),
        "headers": headers,
        "body": body.contents().await?.len(),
    });
    Ok(description.to_string().into())
}
