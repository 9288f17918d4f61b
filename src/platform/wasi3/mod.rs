//! WASI 0.3, for Spin 4.1 and later: asynchronous calls, and instances that are reused.

// Its exports have symbol names that only WebAssembly allows.
#[cfg(target_family = "wasm")]
mod entry;

use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use axum::{BoxError, http};
use http_body_util::Full;
pub use spin_sdk::http::Request;
pub use spin_sdk::sqlite::wit::sqlite::Connection;
pub use spin_sdk::sqlite::{Error as SqliteError, RowResult, Value};
use spin_sdk::variables;
pub use spin_sdk::variables::Error as VariableError;
use spin_sdk::wit_bindgen::yield_async;
pub use spin_sdk::wit_bindgen::{backpressure_dec, backpressure_inc};

/// Runs a task that may continue after the response. Best effort: it is lost when the process ends.
pub fn spawn(task: impl Future<Output = ()> + 'static) {
    spin_sdk::wasip3::spawn(task);
}

/// Sleeps. Other tasks of the instance run in the meantime.
pub async fn sleep(duration: Duration) {
    spin_sdk::time::sleep(duration).await;
}

/// Lets the host deliver what has arrived, and continues at once.
pub async fn yield_to_host() {
    yield_async().await;
}

/// Lets the host send the response before the instance goes on.
pub async fn let_host_send() {
    yield_to_host().await;
}

/// Lets the host continue the request on one of its worker threads.
///
/// Spin reads environment variables outside of them (`block_in_place`), and the request stays there
/// until it waits. The head of a response from there can overtake the body. They then leave in two
/// packets, which takes many clients 40 ms longer. Two turns, because the host does not use the first
/// one of a request to switch threads.
pub async fn return_to_worker_thread() {
    yield_to_host().await;
    yield_to_host().await;
}

/// Sends a request to another service.
///
/// # Errors
/// The reason why there is no response.
pub async fn send(
    request: http::Request<Full<Bytes>>,
) -> Result<http::Response<impl HttpBody<Data = Bytes, Error: Into<BoxError>>>, String> {
    let response = spin_sdk::http::send(request).await;
    response.map_err(|error| error.to_string())
}

/// Opens a database.
pub fn open_database(name: &str) -> Result<Connection, SqliteError> {
    Connection::open(name)
}

/// Returns the value of a variable.
pub async fn variable(name: &str) -> Result<String, VariableError> {
    variables::get(name).await
}
