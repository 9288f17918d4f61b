//! All that knows Spin or WASI: the clock, randomness, outbound HTTP, SQLite, variables, and how an
//! instance takes requests.

pub mod clock;
// Its exports have names that only a component can have.
#[cfg(target_family = "wasm")]
mod entry;
pub mod outbound;
pub mod random;
pub mod sqlite;
pub mod turn;
pub mod variables;

pub use spin_sdk::http::Request;

/// Runs a task on after the response has left. It is lost when the process ends: best effort only.
pub fn spawn(task: impl Future<Output = ()> + 'static) {
    spin_sdk::wasip3::spawn(task);
}
