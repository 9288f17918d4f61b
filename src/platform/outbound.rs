//! One way out: a request with a deadline, and an answer of limited size.

use std::pin::pin;
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use futures_util::future::{Either, select};
use http_body_util::{BodyExt, Full, Limited};

/// The largest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// What a service answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// How long it asks to be left alone; a date instead of seconds counts as nothing said.
    pub retry_after: Option<Duration>,
    /// The body.
    pub body: Bytes,
}

/// Why a service gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The deadline passed.
    #[error("timed out")]
    Timeout,
    /// No connection, or it broke.
    #[error("{0}")]
    Unreachable(String),
}

/// Sends `request` and reads the whole answer, within `deadline` for both together.
///
/// # Errors
/// No answer in time, no connection, or an answer that is larger than any that we expect.
pub async fn send(
    mut request: Request<Full<Bytes>>,
    deadline: Duration,
) -> Result<Answer, HttpError> {
    // Without it the body is sent in chunks, which some servers do not take.
    if let Some(length) = request.body().size_hint().exact() {
        let length = HeaderValue::from(length);
        request.headers_mut().insert(header::CONTENT_LENGTH, length);
    }
    let answer = pin!(exchange(request));
    let timer = pin!(super::clock::sleep(deadline));
    match select(answer, timer).await {
        Either::Left((answer, _)) => answer,
        Either::Right(_) => Err(HttpError::Timeout),
    }
}

async fn exchange(request: Request<Full<Bytes>>) -> Result<Answer, HttpError> {
    let unreachable = |error: String| HttpError::Unreachable(error);
    let response = super::wasi::send(request).await.map_err(unreachable)?;
    let status = response.status();
    let retry_after = retry_after(response.headers());
    let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES)
        .collect()
        .await
        .map_err(|error| unreachable(error.to_string()))?;
    Ok(Answer {
        status,
        retry_after,
        body: body.to_bytes(),
    })
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse();
    seconds.ok().map(Duration::from_secs)
}
