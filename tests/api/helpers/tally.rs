//! What is tried over and over, and how often it went wrong.

use std::env;
use std::fmt;

/// How often a race is run: a few times in the suite, many times in a soak.
pub(crate) fn rounds() -> usize {
    let rounds = env::var("SOAK_ROUNDS").ok();
    rounds.map_or(20, |text| text.parse().expect("SOAK_ROUNDS is a number"))
}

/// How often something was tried, and what was wrong when it went wrong.
pub(crate) struct Tally {
    what: &'static str,
    tried: usize,
    lost: Vec<String>,
}

impl Tally {
    /// Tries something so many times; `round` is told which time it is.
    pub(crate) async fn of(
        what: &'static str,
        rounds: usize,
        mut round: impl AsyncFnMut(usize) -> Result<(), String>,
    ) -> Self {
        let mut lost = Vec::new();
        for number in 0..rounds {
            if let Err(wrong) = round(number).await {
                lost.push(format!("round {number}: {wrong}"));
            }
        }
        Self {
            what,
            tried: rounds,
            lost,
        }
    }

    #[track_caller]
    pub(crate) fn assert_nothing_lost(&self) {
        assert!(self.lost.is_empty(), "{self}\n{:#?}", self.lost);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, tried, lost } = self;
        write!(f, "{what:<50} {tried:>7} {:>7}", lost.len())
    }
}

/// Goes wrong unless the condition holds.
pub(crate) fn expect(holds: bool, wrong: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(wrong()) }
}
