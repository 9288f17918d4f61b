//! Outbound HTTP: requests with a deadline and a limit on the response size.

use std::pin::pin;
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use futures_util::future::{Either, select};
use http_body_util::{BodyExt, Full, Limited};

/// Default maximum size of a response body, in bytes.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;

/// A response.
#[derive(Debug)]
pub struct Response {
    pub status: StatusCode,
    /// The `Retry-After` header, if given in seconds. Dates are ignored.
    pub retry_after: Option<Duration>,
    pub body: Bytes,
}

#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error("timed out")]
    Timeout,
    /// No connection, or it broke.
    #[error("{0}")]
    Unreachable(String),
}

/// Sends `request` and reads the whole response, within `deadline` in total.
///
/// # Errors
/// Timeout, no connection, or an oversized response.
pub async fn send(
    request: Request<Full<Bytes>>,
    deadline: Duration,
) -> Result<Response, HttpError> {
    send_limited(request, deadline, MAX_RESPONSE_BYTES).await
}

/// Like [`send`], for a response body of at most `max_bytes`.
///
/// # Errors
/// As of [`send`].
pub async fn send_limited(
    mut request: Request<Full<Bytes>>,
    deadline: Duration,
    max_bytes: usize,
) -> Result<Response, HttpError> {
    // Without this header the body is sent in chunks, which some servers reject.
    if let Some(length) = request.body().size_hint().exact() {
        let length = HeaderValue::from(length);
        request.headers_mut().insert(header::CONTENT_LENGTH, length);
    }
    let response = pin!(exchange(request, max_bytes));
    let timer = pin!(super::clock::sleep(deadline));
    match select(response, timer).await {
        Either::Left((response, _)) => response,
        Either::Right(_) => Err(HttpError::Timeout),
    }
}

async fn exchange(request: Request<Full<Bytes>>, max_bytes: usize) -> Result<Response, HttpError> {
    let unreachable = |error: String| HttpError::Unreachable(error);
    let response = super::wasi::send(request).await.map_err(unreachable)?;
    let status = response.status();
    let retry_after = retry_after(response.headers());
    let body = Limited::new(response.into_body(), max_bytes)
        .collect()
        .await
        .map_err(|error| unreachable(error.to_string()))?;
    Ok(Response {
        status,
        retry_after,
        body: body.to_bytes(),
    })
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse();
    seconds.ok().map(Duration::from_secs)
}
