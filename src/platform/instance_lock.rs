//! The instance lock: an instance handles one request at a time.
//!
//! It uses the component model's backpressure. In the meantime, the host sends requests to other
//! instances. This isolates users from each other, and neither a password hash nor a database lock
//! delays other requests.

use super::wasi::{backpressure_dec, backpressure_inc};
pub use super::wasi::{let_host_send, yield_to_host};

/// Exclusive use of the instance by one request, or by the work between requests. Dropping it lets
/// the instance accept the next request.
pub struct InstanceLock(());

impl InstanceLock {
    pub fn acquire() -> Self {
        backpressure_inc();
        Self(())
    }
}

impl Drop for InstanceLock {
    fn drop(&mut self) {
        backpressure_dec();
    }
}

/// A temporary release of the instance lock. Dropping it takes the lock again.
pub struct Released(());

/// Lets the instance accept other requests until the returned value is dropped. The caller must
/// hold the lock, have no open transaction, and only wait, for example for a slow body or a delay.
pub fn release_while_waiting() -> Released {
    backpressure_dec();
    Released(())
}

impl Drop for Released {
    fn drop(&mut self) {
        backpressure_inc();
    }
}
