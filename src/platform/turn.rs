//! Turns: an instance handles one request at a time.
//!
//! The host sends the next request to another instance meanwhile. So users are isolated from each
//! other, and neither a password's hash nor a lock of the database keeps anyone else waiting.

use super::wasi::{backpressure_dec, backpressure_inc};

/// The time for which an instance belongs to one request, or to the work between requests.
pub struct Turn(());

impl Turn {
    /// Begins a turn; it ends when the value is dropped.
    pub fn begin() -> Self {
        backpressure_inc();
        Self(())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        backpressure_dec();
    }
}

/// The time for which a request only waits and leaves the instance to others.
pub struct Pause(());

/// Lets the instance take other requests until the value is dropped. The caller has a turn, holds
/// no transaction and does nothing but wait: for a slow body, or for time to pass.
pub fn let_others_come() -> Pause {
    backpressure_dec();
    Pause(())
}

impl Drop for Pause {
    fn drop(&mut self) {
        backpressure_inc();
    }
}
