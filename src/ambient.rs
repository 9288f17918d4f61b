//! The clock and the source of randomness: read here, and passed on as values from here.
#![expect(
    clippy::disallowed_methods,
    reason = "the one place that may read them, see clippy.toml"
)]

use std::time::{Duration, Instant, SystemTime};

use uuid::Uuid;

use crate::domain::timestamp::Timestamp;

/// The moment it is.
pub fn now() -> Timestamp {
    SystemTime::now().into()
}

/// A watch that began to run just now.
pub fn stopwatch() -> Instant {
    Instant::now()
}

/// Waits until a whole number of `steps` have passed since `began`.
pub async fn wait_for_whole_steps(began: Instant, step: Duration) {
    let over = began.elapsed().as_nanos() % step.as_nanos();
    let rest = step.as_nanos() - over;
    sleep(Duration::from_nanos(rest.try_into().unwrap_or(u64::MAX))).await;
}

/// Lets others go on for so long.
pub async fn sleep(duration: Duration) {
    spin_sdk::time::sleep(duration).await;
}

/// A new random identifier: a version 4 UUID, with 122 bits from the platform's secure source.
pub fn random_id() -> Uuid {
    Uuid::new_v4()
}

/// Random bytes from the platform's secure source.
///
/// # Panics
/// Without a working source of randomness there is nothing that could safely go on.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the platform provides secure randomness");
    bytes
}
