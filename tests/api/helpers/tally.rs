//! Repeats a scenario, and counts its failures.

use std::env;
use std::fmt;

use super::response::Response;

/// The number of rounds: a few in the suite, many in a soak test.
pub(crate) fn rounds() -> usize {
    let rounds = env::var("SOAK_ROUNDS").ok();
    rounds.map_or(20, |text| text.parse().expect("SOAK_ROUNDS is a number"))
}

/// The result of a repeated scenario.
pub(crate) struct Tally {
    scenario: &'static str,
    rounds: usize,
    failures: Vec<String>,
}

impl Tally {
    /// Runs `round` `rounds` times, passing its number.
    pub(crate) async fn of(
        scenario: &'static str,
        rounds: usize,
        mut round: impl AsyncFnMut(usize) -> Result<(), String>,
    ) -> Self {
        let mut failures = Vec::new();
        for number in 0..rounds {
            if let Err(failure) = round(number).await {
                failures.push(format!("round {number}: {failure}"));
            }
        }
        Self {
            scenario,
            rounds,
            failures,
        }
    }

    #[track_caller]
    pub(crate) fn assert_no_failures(&self) {
        assert!(self.failures.is_empty(), "{self}\n{:#?}", self.failures);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            scenario,
            rounds,
            failures,
        } = self;
        write!(f, "{scenario:<50} {rounds:>7} {:>7}", failures.len())
    }
}

/// Returns the message as an error unless the condition holds.
pub(crate) fn expect(holds: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(message()) }
}

/// Returns the response as an error unless its status is one of these.
pub(crate) fn expect_status(response: &Response, allowed: &[u16]) -> Result<(), String> {
    expect(allowed.contains(&response.status), || {
        format!("{response:?}")
    })
}
