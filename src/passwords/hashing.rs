//! Computes password hashes, and yields to other requests first.
//!
//! A hash occupies a core for tens of milliseconds, and nothing interrupts it. The host has one thread
//! per core and runs ready tasks in turn, so next to many logins every other request would wait for all
//! of their hashes. Therefore a hash starts only when the host wakes it on time. docs/performance.md
//! compares the variants.

use std::time::Duration;

use secrecy::SecretString;

use super::password::{HashingFailed, Verdict};
use super::policy::NewPassword;
use crate::app::App;
use crate::http::error::Error;
use crate::platform::{clock, instance_lock, random};

/// Sleep before a hash. Waking up late means that the host is busy.
const NAP: Duration = Duration::from_millis(1);
/// Maximum delay that counts as on time: more than other work in front of it takes, less than half a
/// hash.
const TOLERANCE: Duration = Duration::from_millis(6);
/// Maximum time that a hash yields.
const LIMIT: Duration = Duration::from_secs(5);

impl From<HashingFailed> for Error {
    fn from(error: HashingFailed) -> Self {
        anyhow::Error::from(error).into()
    }
}

/// Compares a password with a stored hash, see [`PasswordHasher::verify`].
///
/// # Errors
/// There is not enough memory for the hash.
///
/// [`PasswordHasher::verify`]: super::password::PasswordHasher::verify
pub async fn verify(
    app: &App,
    password: &SecretString,
    stored: Option<&str>,
) -> Result<Verdict, HashingFailed> {
    yield_to_others().await;
    app.password_hasher.verify(password, stored)
}

/// Hashes a new password with a fresh salt, as a PHC string.
///
/// # Errors
/// There is not enough memory for the hash.
pub async fn hash(app: &App, password: &NewPassword) -> Result<String, HashingFailed> {
    yield_to_others().await;
    app.password_hasher.hash(password, random::bytes())
}

/// Hashes the password of a user who has just logged in with it.
///
/// # Errors
/// There is not enough memory for the hash.
pub async fn rehash(app: &App, password: &SecretString) -> Result<String, HashingFailed> {
    yield_to_others().await;
    app.password_hasher.rehash(password, random::bytes())
}

/// Sleeps until the host wakes this task on time. Of several waiting hashes, the first to wake starts, and
/// the others notice that they are late.
async fn yield_to_others() {
    let started = clock::stopwatch();
    let mut waited = Duration::ZERO;
    // Fewer instances then have to hold the memory of a hash at the same time.
    let _released = instance_lock::release_while_waiting();
    while waited < LIMIT {
        clock::sleep(NAP).await;
        let late = started.elapsed().saturating_sub(waited + NAP);
        if late < TOLERANCE {
            return;
        }
        waited = started.elapsed();
    }
}
