//! WASI 0.2, for every Spin: calls are synchronous, and an instance serves one request.

mod bindings;
mod entry;
mod value;

use std::time::Duration;

use axum::body::{Bytes, HttpBody};
pub use axum::extract::Request;
use axum::{BoxError, http};
use http_body_util::Full;
use wstd::http::{Body, Client};

pub use self::bindings::fermyon::spin::sqlite::{
    Connection, Error as SqliteError, RowResult, Value,
};
use self::bindings::fermyon::spin::variables;
pub use self::bindings::fermyon::spin::variables::Error as VariableError;

/// Does nothing: an instance that has a request is sent no other.
pub fn backpressure_inc() {}

/// Does nothing, as [`backpressure_inc`].
pub fn backpressure_dec() {}

/// Runs a task on after the response has left. It is lost when the process ends: best effort only.
pub fn spawn(task: impl Future<Output = ()> + 'static) {
    wstd::runtime::spawn(task).detach();
}

/// Waits, and lets other tasks of the instance run meanwhile.
pub async fn sleep(duration: Duration) {
    wstd::task::sleep(duration.into()).await;
}

/// Sends a request out.
///
/// # Errors
/// Why there is no response, for the log.
pub async fn send(
    request: http::Request<Full<Bytes>>,
) -> Result<http::Response<impl HttpBody<Data = Bytes, Error: Into<BoxError>>>, String> {
    let response = Client::new().send(request.map(Body::from_http_body)).await;
    let response = response.map_err(|error| format!("{error:#}"))?;
    Ok(response.map(Body::into_boxed_body))
}

/// Opens the database of this name.
///
/// # Errors
/// It cannot be opened.
#[expect(clippy::unused_async, reason = "the other build waits here")]
pub async fn open_database(name: &str) -> Result<Connection, SqliteError> {
    Connection::open(name)
}

/// The value of a variable.
///
/// # Errors
/// It has none, or it cannot be read.
#[expect(clippy::unused_async, reason = "the other build waits here")]
pub async fn variable(name: &str) -> Result<String, VariableError> {
    variables::get(name)
}
