//! How long and how often things are measured.

use std::env;
use std::time::Duration;

/// How long and how often things are measured.
pub struct Scale {
    /// How long one measurement lasts, in seconds.
    pub seconds: u64,
    /// The same where a request takes a hash, of which there are few in a second.
    pub seconds_of_hashing: u64,
    /// How often each measurement is repeated; the median counts.
    pub rounds: usize,
    /// How many users there are where it does not matter.
    pub users: u32,
    /// How many users there are where it may matter, in rising order.
    pub growth: [u32; 3],
    /// How often something is started.
    pub starts: usize,
}

impl Scale {
    /// That of the table in docs/performance.md, about fifteen minutes; with QUICK=1 that of a glance.
    pub fn of_environment() -> Self {
        if env::var_os("QUICK").is_some_and(|value| value == "1") {
            return Self {
                seconds: 1,
                seconds_of_hashing: 1,
                rounds: 1,
                users: 1_000,
                growth: [1_000, 2_000, 20_000],
                starts: 2,
            };
        }
        Self {
            seconds: 2,
            seconds_of_hashing: 4,
            rounds: 5,
            users: 10_000,
            growth: [1_000, 100_000, 1_000_000],
            starts: 10,
        }
    }

    /// How long one measurement of bare hashing lasts.
    pub fn hashing(&self) -> Duration {
        Duration::from_secs(self.seconds_of_hashing)
    }
}
