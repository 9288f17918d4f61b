//! Counts attempts by the generic cell rate algorithm (GCRA): a row per limit and whom it holds. A
//! power cut may take back what was counted just before it.

use super::db::{Connection, DbError};
use crate::domain::throttle::Limit;
use crate::domain::timestamp::Timestamp;

/// Counts an attempt: one statement, so that of many at once no more pass than may. An attempt
/// that is refused is not counted.
///
/// # Errors
/// The database failed. `Ok(Some(seconds))` refuses: after so long one more is allowed.
pub fn count(
    connection: &mut Connection<'_>,
    limit: Limit,
    key: &str,
    now: Timestamp,
) -> Result<Option<i64>, DbError> {
    let statement = "INSERT INTO throttle (key, full_at) VALUES (?1, ?2 + ?3) \
                     ON CONFLICT (key) DO UPDATE SET full_at = max(full_at, ?2) + ?3 \
                     WHERE max(full_at, ?2) + ?3 <= ?2 + ?4 RETURNING full_at";
    let parameters = [
        key.into(),
        now.unix().into(),
        limit.seconds_per_attempt.into(),
        limit.horizon_seconds().into(),
    ];
    if connection
        .write_replayable_one(statement, parameters)?
        .is_some()
    {
        return Ok(None);
    }
    let statement = "SELECT full_at FROM throttle WHERE key = ?1";
    let row = connection.query_one(statement, [key.into()])?;
    let full_at = row.map_or(Ok(0), |row| row.integer(0))?;
    Ok(Some(limit.retry_after_seconds(full_at, now)))
}

/// Takes a counted attempt back.
///
/// # Errors
/// The database failed.
pub fn give_back(connection: &mut Connection<'_>, limit: Limit, key: &str) -> Result<(), DbError> {
    let statement = "UPDATE throttle SET full_at = full_at - ?2 WHERE key = ?1";
    let parameters = [key.into(), limit.seconds_per_attempt.into()];
    connection.write_replayable(statement, parameters).map(drop)
}

/// Forgets all attempts.
///
/// # Errors
/// The database failed.
pub fn clear(connection: &mut Connection<'_>, key: &str) -> Result<(), DbError> {
    let statement = "DELETE FROM throttle WHERE key = ?1";
    connection
        .write_replayable(statement, [key.into()])
        .map(drop)
}

/// Clears away what holds nobody back any more.
///
/// # Errors
/// The database failed.
pub fn delete_past(connection: &mut Connection<'_>, now: Timestamp) -> Result<(), DbError> {
    let statement = "DELETE FROM throttle WHERE full_at <= ?1";
    let parameters = [now.unix().into()];
    connection.write_replayable(statement, parameters).map(drop)
}
