//! Waiting for conditions, and the clock.

use std::time::{Duration, Instant, SystemTime};

/// The limit for events that should happen at once; generous for slow machines.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// Polls `probe` until it returns a value.
pub(crate) async fn eventually<T>(
    what: &str,
    limit: Duration,
    mut probe: impl AsyncFnMut() -> Option<T>,
) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(start.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Seconds since 1970 in UTC.
pub(crate) fn unix_now() -> i64 {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seconds = since_1970.expect("the clock is past 1970").as_secs();
    i64::try_from(seconds).expect("the clock is before the end of time")
}
