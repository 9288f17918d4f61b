//! The clock. Other code takes the time as a value.
#![expect(
    clippy::disallowed_methods,
    reason = "the only module that may read the clock, see clippy.toml"
)]

use std::time::{Duration, Instant, SystemTime};

use super::timestamp::Timestamp;

/// The current time, in whole seconds.
pub fn now() -> Timestamp {
    SystemTime::now().into()
}

/// The current time, in the platform's full precision.
pub(super) fn wall() -> SystemTime {
    SystemTime::now()
}

/// Starts a stopwatch.
pub fn stopwatch() -> Instant {
    Instant::now()
}

/// Waits until the time since `started` is a multiple of `step`.
pub async fn wait_for_whole_steps(started: Instant, step: Duration) {
    let over = started.elapsed().as_nanos() % step.as_nanos();
    let rest = step.as_nanos() - over;
    sleep(Duration::from_nanos(rest.try_into().unwrap_or(u64::MAX))).await;
}

/// Sleeps. Other tasks of the instance run in the meantime.
pub async fn sleep(duration: Duration) {
    super::wasi::sleep(duration).await;
}
