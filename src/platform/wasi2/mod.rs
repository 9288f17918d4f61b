//! WASI 0.2, for Spin 2 and later: synchronous calls, and a new instance for every request.

mod entry;
mod response;
mod value;

use std::time::Duration;

use axum::body::{Bytes, HttpBody};
pub use axum::extract::Request;
use axum::{BoxError, http};
use http_body_util::Full;
use wstd::http::{Body, Client};

pub use self::entry::fermyon::spin::sqlite::{Connection, Error as SqliteError, RowResult, Value};
use self::entry::fermyon::spin::variables;
pub use self::entry::fermyon::spin::variables::Error as VariableError;

/// Does nothing: the host passes no second request to an instance.
pub fn backpressure_inc() {}

/// Does nothing, like [`backpressure_inc`].
pub fn backpressure_dec() {}

/// Runs a task that may continue after the response. Best effort: it is lost when the process ends.
pub fn spawn(task: impl Future<Output = ()> + 'static) {
    wstd::runtime::spawn(task).detach();
}

/// Sleeps. Other tasks of the instance run in the meantime.
pub async fn sleep(duration: Duration) {
    wstd::task::sleep(duration.into()).await;
}

/// Lets the host deliver what has arrived, and continues at once.
pub async fn yield_to_host() {
    sleep(Duration::ZERO).await;
}

/// Lets the host send the response before the instance goes on.
///
/// A real wait, however short: the host's task that sends waits for the thread that runs this instance, and
/// ending the instance alone would hold that thread for two more milliseconds.
pub async fn let_host_send() {
    sleep(Duration::from_nanos(1)).await;
}

/// Does nothing: a small body is written before the head of its response.
pub async fn return_to_worker_thread() {}

/// Sends a request to another service.
///
/// # Errors
/// The reason why there is no response.
pub async fn send(
    request: http::Request<Full<Bytes>>,
) -> Result<http::Response<impl HttpBody<Data = Bytes, Error: Into<BoxError>>>, String> {
    let response = Client::new().send(request.map(Body::from_http_body)).await;
    let response = response.map_err(|error| format!("{error:#}"))?;
    Ok(response.map(Body::into_boxed_body))
}

/// Opens a database.
pub fn open_database(name: &str) -> Result<Connection, SqliteError> {
    Connection::open(name)
}

/// Returns the value of a variable.
pub async fn variable(name: &str) -> Result<String, VariableError> {
    variables::get(name)
}
