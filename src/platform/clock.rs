//! The clock: read here, and passed on as a value from here.
#![expect(
    clippy::disallowed_methods,
    reason = "the one place that may read it, see clippy.toml"
)]

use std::time::{Duration, Instant, SystemTime};

use super::timestamp::Timestamp;

/// The current time.
pub fn now() -> Timestamp {
    SystemTime::now().into()
}

/// The current time as exactly as the platform has it.
pub(super) fn wall() -> SystemTime {
    SystemTime::now()
}

/// A stopwatch that has just been started.
pub fn stopwatch() -> Instant {
    Instant::now()
}

/// Waits until a whole number of `step`s have passed since `began`.
pub async fn wait_for_whole_steps(began: Instant, step: Duration) {
    let over = began.elapsed().as_nanos() % step.as_nanos();
    let rest = step.as_nanos() - over;
    sleep(Duration::from_nanos(rest.try_into().unwrap_or(u64::MAX))).await;
}

/// Waits, and lets other tasks of the instance run meanwhile.
pub async fn sleep(duration: Duration) {
    super::wasi::sleep(duration).await;
}
