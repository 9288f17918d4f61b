//! Incoming requests, and tasks that continue after the response.

pub use spin_sdk::http::Request;

/// Runs a task that may continue after the response. Best effort: it is lost when the process ends.
pub fn spawn(task: impl Future<Output = ()> + 'static) {
    spin_sdk::wasip3::spawn(task);
}
