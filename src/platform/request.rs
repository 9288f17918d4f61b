//! An incoming request, and the work that goes on after its response.

pub use spin_sdk::http::Request;

/// Runs a task on after the response has left. It is lost when the process ends: best effort only.
pub fn spawn(task: impl Future<Output = ()> + 'static) {
    spin_sdk::wasip3::spawn(task);
}
