//! WASI 0.3, for Spin 4.1 and later: calls are asynchronous, and instances are reused.

// Its exports have names that only a component can have.
#[cfg(target_family = "wasm")]
mod entry;

use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use axum::{BoxError, http};
use http_body_util::Full;
pub use spin_sdk::http::Request;
use spin_sdk::sqlite::wit::sqlite;
pub use spin_sdk::sqlite::{Error as SqliteError, RowResult, Value};
use spin_sdk::variables;
pub use spin_sdk::variables::Error as VariableError;
pub use spin_sdk::wit_bindgen::{backpressure_dec, backpressure_inc};
pub use sqlite::Connection;

/// Runs a task on after the response has left. It is lost when the process ends: best effort only.
pub fn spawn(task: impl Future<Output = ()> + 'static) {
    spin_sdk::wasip3::spawn(task);
}

/// Waits, and lets other tasks of the instance run meanwhile.
pub async fn sleep(duration: Duration) {
    spin_sdk::time::sleep(duration).await;
}

/// Sends a request out.
///
/// # Errors
/// Why there is no response, for the log.
pub async fn send(
    request: http::Request<Full<Bytes>>,
) -> Result<http::Response<impl HttpBody<Data = Bytes, Error: Into<BoxError>>>, String> {
    let response = spin_sdk::http::send(request).await;
    response.map_err(|error| error.to_string())
}

/// Opens the database of this name.
///
/// # Errors
/// It cannot be opened.
pub async fn open_database(name: &str) -> Result<Connection, SqliteError> {
    Connection::open_async(name.to_owned()).await
}

/// The value of a variable.
///
/// # Errors
/// It has none, or it cannot be read.
pub async fn variable(name: &str) -> Result<String, VariableError> {
    variables::get(name).await
}
