//! Counts attempts with the generic cell rate algorithm (GCRA), one row per limit and key.

pub mod guesses;
pub mod known_networks;

use super::limits::Limit;
use crate::db::{Connection, DbError};
use crate::platform::timestamp::Timestamp;

/// The `full_at` before this attempt. `?2` is the current time, `?3` the seconds per attempt, `?4` the
/// limit's horizon. A value a little beyond the horizon is from a request that read the clock later, or from
/// a host whose clock is ahead, and counts. A value that would hold an attempt back for more than another
/// horizon was written before the clock was set back, and is ignored.
pub(super) const FULL_AT: &str =
    "CASE WHEN full_at + ?3 > ?2 + 2 * ?4 THEN ?2 ELSE max(full_at, ?2) END";

/// Counts an attempt, in one statement so that concurrent attempts cannot exceed the limit. Returns
/// `Some(seconds)` if the attempt is refused until then; a refused attempt is not counted.
pub fn count(
    connection: &mut Connection<'_>,
    limit: Limit,
    key: &str,
    now: Timestamp,
) -> Result<Option<i64>, DbError> {
    let statement = format!(
        "INSERT INTO throttle (key, full_at) VALUES (?1, ?2 + ?3) \
         ON CONFLICT (key) DO UPDATE SET full_at = {FULL_AT} + ?3 \
         WHERE {FULL_AT} + ?3 <= ?2 + ?4 RETURNING full_at"
    );
    let parameters = [
        key.into(),
        now.unix().into(),
        limit.seconds_per_attempt.into(),
        limit.horizon_seconds().into(),
    ];
    if connection
        .write_replayable_one(&statement, parameters)?
        .is_some()
    {
        return Ok(None);
    }
    let statement = "SELECT full_at FROM throttle WHERE key = ?1";
    let row = connection.query_one(statement, [key.into()])?;
    let full_at = row.map_or(Ok(0), |row| row.integer(0))?;
    Ok(Some(limit.retry_after_seconds(full_at, now)))
}

/// Clears the counts under two keys. Returns whether either of two accounts may have consecutive wrong
/// guesses, which saves the next statement in most logins.
pub fn clear(
    connection: &mut Connection<'_>,
    keys: [&str; 2],
    accounts: [&str; 2],
) -> Result<bool, DbError> {
    let statement = "DELETE FROM throttle WHERE key IN (?1, ?2) RETURNING EXISTS \
                     (SELECT 1 FROM password_guesses WHERE account IN (?3, ?4) AND in_a_row > 0)";
    let [one, other] = keys;
    let [email, username] = accounts;
    let parameters = [one, other, email, username].map(Into::into);
    let row = connection.write_replayable_one(statement, parameters)?;
    // The row says nothing if there was none to delete.
    row.map_or(Ok(true), |row| Ok(row.integer(0)? != 0))
}

/// Clears the counts under a key, and under every key that continues it after a colon.
pub fn clear_all(connection: &mut Connection<'_>, key: &str) -> Result<(), DbError> {
    // A semicolon follows a colon.
    let statement = "DELETE FROM throttle WHERE key = ?1 OR key >= ?1 || ':' AND key < ?1 || ';'";
    connection.write(statement, [key.into()]).map(drop)
}

/// Deletes counts whose burst is fully available again.
pub fn delete_expired(connection: &mut Connection<'_>, now: Timestamp) -> Result<(), DbError> {
    let statement = "DELETE FROM throttle WHERE full_at <= ?1";
    let parameters = [now.unix().into()];
    connection.write_replayable(statement, parameters).map(drop)
}
