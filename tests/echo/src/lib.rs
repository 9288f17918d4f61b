//! The application behind the guard in the API tests: it answers with what it got.
//!
//! - `/echo` sends the body back while it comes in.
//! - `/stream/N` sends N bytes of unknown length, `/sized/N` the same with `Content-Length`.
//! - `/events` sends an event at once, and never ends.
//! - `/late/N` ends its empty body after N milliseconds.
//! - `/cacheable` may be cached.
//! - Any other path describes the request in JSON.
// The names of its exports are valid only in a component.
#![cfg(target_family = "wasm")]

use std::time::Duration;

use bytes::Bytes;
use futures_util::SinkExt;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use serde_json::json;
use spin_sdk::http::body::{IncomingBodyExt, stream};
use spin_sdk::http::{BoxBody, FullBody, Request, Response, box_body};
use spin_sdk::{http_service, wasip3};

const CHUNK: usize = 16 * 1024;

#[http_service]
async fn answer(request: Request) -> http::Result<Response<BoxBody>> {
    let path = request.uri().path().to_owned();
    let mut segments = path.split('/').skip(1);
    let length = |segment: Option<&str>| segment.and_then(|length| length.parse().ok());
    let builder = Response::builder();
    Ok(match segments.next() {
        Some("echo") => builder.body(box_body(request.into_body()))?,
        Some("stream") => builder.body(zeros(length(segments.next()).unwrap_or(0)))?,
        Some("sized") => {
            let length = length(segments.next()).unwrap_or(0);
            builder.header(CONTENT_LENGTH, length).body(zeros(length))?
        }
        Some("events") => builder
            .header(CONTENT_TYPE, "text/event-stream")
            .body(events())?,
        Some("late") => builder.body(late(length(segments.next()).unwrap_or(0)))?,
        Some("cacheable") => builder
            .header(CACHE_CONTROL, "public, max-age=60")
            .body(box_body(FullBody::new(Bytes::from_static(b"ok"))))?,
        _ => builder
            .header(CONTENT_TYPE, "application/json")
            .body(description(request).await)?,
    })
}

/// As many zeros, in chunks.
fn zeros(length: usize) -> BoxBody {
    let (mut sender, body) = stream::<Bytes>();
    wasip3::spawn(async move {
        let mut left = length;
        while left > 0 {
            let chunk = vec![0; left.min(CHUNK)];
            left -= chunk.len();
            if sender.send(chunk.into()).await.is_err() {
                return;
            }
        }
    });
    box_body(body)
}

fn events() -> BoxBody {
    let (mut sender, body) = stream::<&'static str>();
    wasip3::spawn(async move {
        while sender.send("data: event\n\n").await.is_ok() {
            spin_sdk::time::sleep(Duration::from_millis(50)).await;
        }
    });
    box_body(body)
}

/// Nothing, but the end comes after some milliseconds.
fn late(milliseconds: usize) -> BoxBody {
    let (sender, body) = stream::<Bytes>();
    wasip3::spawn(async move {
        let wait = u64::try_from(milliseconds).unwrap_or(u64::MAX);
        spin_sdk::time::sleep(Duration::from_millis(wait)).await;
        drop(sender);
    });
    box_body(body)
}

async fn description(request: Request) -> BoxBody {
    let (head, body) = request.into_parts();
    let headers: Vec<_> = head
        .headers
        .iter()
        .map(|(name, value)| {
            [name.as_str(), &String::from_utf8_lossy(value.as_bytes())].map(str::to_owned)
        })
        .collect();
    let body = body.bytes().await.unwrap_or_default();
    let description = json!({
        "method": head.method.as_str(),
        "uri": head.uri.to_string(),
        "headers": headers,
        "body": body.len(),
    });
    box_body(FullBody::new(Bytes::from(description.to_string())))
}
