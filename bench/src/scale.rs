//! The duration and repetition of the measurements.

use std::env;
use std::time::Duration;

/// Whether the environment turns a switch on.
pub fn is_on(switch: &str) -> bool {
    env::var_os(switch).is_some_and(|value| value == "1")
}

/// The duration and repetition of the measurements.
pub struct Scale {
    /// The duration of one measurement, in seconds.
    pub seconds: u64,
    /// The same for routes that hash, which answer few requests per second.
    pub hashing_seconds: u64,
    /// The number of repetitions, whose median is reported.
    pub rounds: usize,
    /// The number of users where it does not matter.
    pub users: u32,
    /// The numbers of users to compare, in ascending order.
    pub growth: [u32; 3],
    /// The number of starts to measure.
    pub starts: usize,
}

impl Scale {
    /// The scale of the tables in docs/performance.md, about fifteen minutes; with QUICK=1, a smoke
    /// test.
    pub fn from_environment() -> Self {
        if is_on("QUICK") {
            return Self {
                seconds: 1,
                hashing_seconds: 1,
                rounds: 1,
                users: 1_000,
                growth: [1_000, 2_000, 20_000],
                starts: 2,
            };
        }
        Self {
            seconds: 2,
            hashing_seconds: 4,
            rounds: 5,
            users: 10_000,
            growth: [1_000, 100_000, 1_000_000],
            starts: 10,
        }
    }

    /// The duration of one measurement of bare hashing.
    pub fn hashing_duration(&self) -> Duration {
        Duration::from_secs(self.hashing_seconds)
    }
}
