//! Finds due work without a write lock.

use uuid::Uuid;

use crate::db::{Connection, DbError};
use crate::platform::timestamp::Timestamp;
use crate::sessions::store::EXPIRED_IN_BATCH;
use crate::throttle::limits::LOCKOUT_FAILURES;
use crate::{captcha, verification};

/// The kinds of work that are due.
#[derive(Default)]
pub struct Work {
    pub mail: bool,
    pub throttle: bool,
    pub password_guesses: bool,
    pub captcha_challenges: bool,
    /// Unused refresh tokens of the legacy service have expired.
    pub legacy_tokens: bool,
    /// Sessions of the sampled batch have expired.
    pub sessions: bool,
    /// Verifications of addresses have expired.
    pub verifications: bool,
    /// Users did not verify their address in time.
    pub unverified_users: bool,
    /// Users are to be deleted.
    pub users: bool,
    /// Users are disabled until now.
    pub disabled_users: bool,
    /// Events are older than the settings keep them.
    pub events: bool,
}

/// Checks for all kinds of work with one read. Usually nothing is due, and then no write lock is
/// needed. The batch of sessions starts at `start_id`. Users who have not verified their address and
/// registered before `unverified_since` are to be deleted, if it is given. Events up to `latest_event` are too old.
pub fn find_work(
    connection: &mut Connection<'_>,
    start_id: Uuid,
    latest_event: Timestamp,
    unverified_since: Option<Timestamp>,
    now: Timestamp,
) -> Result<Work, DbError> {
    let statement = format!(
        "SELECT EXISTS (SELECT 1 FROM outbox WHERE due_at <= ?1), \
         EXISTS (SELECT 1 FROM throttle WHERE full_at <= ?1), \
         EXISTS (SELECT 1 FROM password_guesses WHERE forget_at <= ?1 AND in_a_row < ?5), \
         EXISTS (SELECT 1 FROM used_challenges WHERE expires_at <= ?3), \
         EXISTS (SELECT 1 FROM refresh_tokens WHERE refresh_token >= 'ey' \
         AND refresh_token < 'ez' AND expires_at <= ?4), EXISTS {EXPIRED_IN_BATCH}, \
         EXISTS (SELECT 1 FROM email_verifications WHERE created_at <= ?6), \
         EXISTS (SELECT 1 FROM users WHERE must_verify = 1 AND created_at < ?7), \
         EXISTS (SELECT 1 FROM users WHERE deletes_at <= ?1), \
         EXISTS (SELECT 1 FROM events WHERE at <= ?8), \
         EXISTS (SELECT 1 FROM users WHERE disabled_until <= ?1)"
    );
    let parameters = [
        now.unix().into(),
        start_id.to_string().into(),
        captcha::store::expiry_cutoff(now).into(),
        now.to_sql().into(),
        LOCKOUT_FAILURES.into(),
        verification::store::oldest(now).into(),
        // No time is before an empty text.
        unverified_since
            .map_or(String::new(), Timestamp::to_sql)
            .into(),
        latest_event.unix().into(),
    ];
    let row = connection.query_one(&statement, parameters)?;
    let Some(row) = row else {
        return Ok(Work::default());
    };
    Ok(Work {
        mail: row.integer(0)? != 0,
        throttle: row.integer(1)? != 0,
        password_guesses: row.integer(2)? != 0,
        captcha_challenges: row.integer(3)? != 0,
        legacy_tokens: row.integer(4)? != 0,
        sessions: row.integer(5)? != 0,
        verifications: row.integer(6)? != 0,
        unverified_users: row.integer(7)? != 0,
        users: row.integer(8)? != 0,
        events: row.integer(9)? != 0,
        disabled_users: row.integer(10)? != 0,
    })
}
