//! Computes password hashes so that other requests wait for few of them.
//!
//! A hash takes a core for tens of milliseconds, and nothing interrupts it. The host hands its
//! threads, one per core, to what is ready in turn: where many log in at once, a request that comes then
//! would wait for all of their hashes. So a hash begins only when the host is seen to be on time.

use secrecy::SecretString;
use std::time::Duration;

use super::password::{HashingFailed, NewPassword, Verdict};
use crate::app::App;
use crate::http::error::Error;
use crate::platform::{clock, random};

/// How long a hash sleeps before it begins: woken late, it knows that the host is busy.
const NAP: Duration = Duration::from_millis(1);
/// How late it may be woken: other work in front of it takes less, a hash more.
const TOLERANCE: Duration = Duration::from_millis(12);
/// How long a hash gives way at most.
const LIMIT: Duration = Duration::from_secs(5);

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

/// Sleeps until the host wakes it on time. Of many hashes that wait, the first to be woken begins, and
/// the others find that they are late.
async fn give_way() {
    let began = clock::stopwatch();
    let mut waited = Duration::ZERO;
    while waited < LIMIT {
        clock::sleep(NAP).await;
        let late = began.elapsed().saturating_sub(waited + NAP);
        if late < TOLERANCE {
            return;
        }
        waited = began.elapsed();
    }
}
