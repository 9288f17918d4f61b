//! Computes passwords' hashes such that everybody else waits for few of them.
//!
//! A hash takes a core for tens of milliseconds, and nothing interrupts it. The host hands its
//! threads, one per core, to what is ready in turn: where many log in at once, whoever comes then
//! would wait for all of their hashes. So a hash begins only when the host is seen to be on time.

use std::time::Duration;

use crate::ambient;
use crate::app::App;
use crate::domain::password::{HashingFailed, NewPassword, Verdict};
use crate::domain::secret::Secret;

/// How long a hash sleeps to see whether it is woken on time: the shortest that timers can.
const NAP: Duration = Duration::from_millis(1);
/// A nap that lasts longer was behind the hash of somebody else, which takes 20 ms and more.
const ON_TIME: Duration = Duration::from_millis(10);
/// How long a hash gives way at most: where other work keeps the host busy it never is on time.
const PATIENCE: Duration = Duration::from_secs(2);

/// Compares a password with a stored hash; see [`PasswordHasher::verify`].
///
/// # Errors
/// No memory for the hash.
///
/// [`PasswordHasher::verify`]: crate::domain::password::PasswordHasher::verify
pub async fn verify(
    app: &App,
    password: &Secret,
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
    app.password_hasher.hash(password, ambient::random_bytes())
}

/// Hashes the password of a user who has just logged in with it.
///
/// # Errors
/// No memory for the hash.
pub async fn rehash(app: &App, password: &Secret) -> Result<String, HashingFailed> {
    give_way().await;
    app.password_hasher
        .rehash(password, ambient::random_bytes())
}

/// Waits until the host is on time. Of many that wait, the first to be woken goes on, and the
/// others find that they are late.
async fn give_way() {
    let began = ambient::stopwatch();
    while began.elapsed() < PATIENCE {
        let nap = ambient::stopwatch();
        ambient::sleep(NAP).await;
        if nap.elapsed() < ON_TIME {
            return;
        }
    }
}
