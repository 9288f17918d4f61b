//! Computes password hashes so that other requests wait for few of them.
//!
//! A hash takes a core for tens of milliseconds, and nothing interrupts it. The host hands its
//! threads, one per core, to what is ready in turn: where many log in at once, a request that comes then
//! would wait for all of their hashes. So a hash begins only when the host is seen to be on time.

use secrecy::SecretString;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::password::{HashingFailed, NewPassword, Verdict};
use crate::app::App;
use crate::http::error::Error;
use crate::platform::{clock, random};

/// The nap of a hash where no other request was seen to wait. It shows whether the host is on time.
const CALM_NAP: Duration = Duration::from_millis(1);
/// For how many seconds this instance takes the host for crowded after it was late: longer than from
/// one hash of an instance to its next in a flood.
const CROWDED_SECONDS: i64 = 10;
/// The nap of a hash that has just come to a crowd. Others get their turn meanwhile: measured with 64
/// logins at once, one of 3 lets half as many of them through.
const FIRST_NAP: Duration = Duration::from_millis(4);
/// The nap of a hash that has waited for long.
const LAST_NAP: Duration = Duration::from_millis(2);
/// How much waiting makes the nap shorter by a millisecond.
const PATIENCE: Duration = Duration::from_millis(700);
/// How late a hash may be woken to go on: other work in front of it takes less, a hash more.
const TOLERANCE: Duration = Duration::from_millis(12);
/// The lateness tolerated on top, as a fraction (1/n) of the time waited: where other work alone keeps
/// the host busy, a hash would never be on time.
const TOLERANCE_PER_WAITED: u32 = 100;
/// How long a hash gives way at most.
const LIMIT: Duration = Duration::from_secs(5);

/// When this instance last found the host late, in seconds since 1970.
static LATE_AT: AtomicI64 = AtomicI64::new(0);

impl From<HashingFailed> for Error {
    fn from(error: HashingFailed) -> Self {
        anyhow::Error::from(error).into()
    }
}

/// Compares a password with a stored hash; see [`PasswordHasher::verify`].
///
/// # Errors
/// No memory for the hash.
///
/// [`PasswordHasher::verify`]: super::password::PasswordHasher::verify
pub async fn verify(
    app: &App,
    password: &SecretString,
    stored: Option<&str>,
) -> Result<Verdict, HashingFailed> {
    give_way().await;
    app.password_hasher.verify(password, stored)
}

/// Hashes a new password with a fresh salt, as a PHC string.
///
/// # Errors
/// No memory for the hash.
pub async fn hash(app: &App, password: &NewPassword) -> Result<String, HashingFailed> {
    give_way().await;
    app.password_hasher.hash(password, random::bytes())
}

/// Hashes the password of a user who has just logged in with it.
///
/// # Errors
/// No memory for the hash.
pub async fn rehash(app: &App, password: &SecretString) -> Result<String, HashingFailed> {
    give_way().await;
    app.password_hasher.rehash(password, random::bytes())
}

/// Waits until the host is on time. Of many that wait, the first to be woken goes on, and the
/// others find that they are late.
async fn give_way() {
    let began = clock::stopwatch();
    let mut waited = Duration::ZERO;
    while waited < LIMIT {
        let nap = if is_crowded() { nap(waited) } else { CALM_NAP };
        clock::sleep(nap).await;
        let late = began.elapsed().saturating_sub(waited + nap);
        if late < tolerance(waited) {
            return;
        }
        LATE_AT.store(clock::now().unix(), Ordering::Relaxed);
        waited = began.elapsed();
    }
}

fn is_crowded() -> bool {
    clock::now().unix() - LATE_AT.load(Ordering::Relaxed) < CROWDED_SECONDS
}

/// A hash that has waited longer is woken before the others.
fn nap(waited: Duration) -> Duration {
    let shorter = waited.as_millis() / PATIENCE.as_millis();
    let shorter = Duration::from_millis(shorter.try_into().unwrap_or(u64::MAX));
    FIRST_NAP.saturating_sub(shorter).max(LAST_NAP)
}

fn tolerance(waited: Duration) -> Duration {
    TOLERANCE + waited / TOLERANCE_PER_WAITED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_waited_longer_is_woken_before_the_others() {
        for (waited, expected) in [(0, 4), (699, 4), (700, 3), (1400, 2), (4999, 2)] {
            let nap = nap(Duration::from_millis(waited));
            assert_eq!(nap, Duration::from_millis(expected), "{waited} ms");
        }
    }

    #[test]
    fn a_hash_in_front_is_never_taken_for_other_work_before_seconds_have_passed() {
        let hash = Duration::from_millis(20);
        assert!(tolerance(Duration::ZERO) < hash);
        assert!(tolerance(Duration::from_millis(700)) < hash);
        assert!(tolerance(LIMIT) > hash);
    }
}
