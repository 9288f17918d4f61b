//! Response times that do not reveal whether there is an account.

use std::time::{Duration, Instant};

use crate::platform::{clock, instance_lock};

/// Longer than the work of routes without a hash. Measured for a reset link: a few milliseconds in all, and
/// half a millisecond more or less with or without an account.
const STEP: Duration = Duration::from_millis(20);

/// Waits until the time since `started` is a multiple of a fixed step. The instance takes other requests
/// meanwhile, so the caller must have no open transaction.
pub async fn conceal(started: Instant) {
    conceal_in_steps(started, STEP).await;
}

/// Like [`conceal`], for work that takes longer than its step.
pub async fn conceal_in_steps(started: Instant, step: Duration) {
    let _released = instance_lock::release_while_waiting();
    clock::wait_for_whole_steps(started, step).await;
}
