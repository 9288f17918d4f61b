//! Guesses at passwords from networks that never logged in to the account.

use time::Duration;

use super::FULL_AT;
use crate::db::{Connection, DbError};
use crate::platform::timestamp::Timestamp;
use crate::throttle::limits::{
    LOGIN_FAILURES_OF_STRANGERS as LIMIT, MAX_STRANGERS_IN_A_ROW as MAX_IN_A_ROW,
};

/// After how long without a guess those in a row are forgotten, as long as they are not too many.
const MEMORY: Duration = Duration::WEEK;

/// Counts a guess: one statement, so that of many at once no more pass than may. A guess that is
/// refused is not counted.
///
/// # Errors
/// The database failed. `Ok(Some(seconds))` refuses: before that none is allowed.
pub fn count(
    connection: &mut Connection<'_>,
    account: &str,
    now: Timestamp,
) -> Result<Option<i64>, DbError> {
    let statement = format!(
        "INSERT INTO password_guesses (account, full_at, in_a_row, forget_at) \
         VALUES (?1, ?2 + ?3, 1, ?5) \
         ON CONFLICT (account) DO UPDATE \
         SET full_at = {FULL_AT} + ?3, in_a_row = in_a_row + 1, forget_at = ?5 \
         WHERE {FULL_AT} + ?3 <= ?2 + ?4 AND in_a_row < ?6 RETURNING full_at"
    );
    let parameters = [
        account.into(),
        now.unix().into(),
        LIMIT.seconds_per_attempt.into(),
        LIMIT.horizon_seconds().into(),
        now.plus(MEMORY).unix().into(),
        MAX_IN_A_ROW.into(),
    ];
    if connection
        .write_replayable_one(&statement, parameters)?
        .is_some()
    {
        return Ok(None);
    }
    let statement = "SELECT full_at FROM password_guesses WHERE account = ?1";
    let row = connection.query_one(statement, [account.into()])?;
    let full_at = row.map_or(Ok(0), |row| row.integer(0))?;
    Ok(Some(LIMIT.retry_after_seconds(full_at, now)))
}

/// The owner has logged in: the guesses under both names of the account are no longer in a row, and
/// that of the `counted` name, if there is one, was no failure. How fast strangers may guess stays as
/// it is, or each login of the owner would let them begin anew.
pub fn end_row(
    connection: &mut Connection<'_>,
    accounts: [&str; 2],
    counted: Option<&str>,
) -> Result<(), DbError> {
    let statement = "UPDATE password_guesses SET in_a_row = 0, \
                     full_at = full_at - CASE account WHEN ?3 THEN ?4 ELSE 0 END \
                     WHERE account IN (?1, ?2) AND in_a_row > 0";
    let [one, other] = accounts;
    let parameters = [
        one.into(),
        other.into(),
        counted.unwrap_or_default().into(),
        LIMIT.seconds_per_attempt.into(),
    ];
    connection.write_replayable(statement, parameters).map(drop)
}

/// The password has been reset: nothing of the guesses at the old one counts.
pub fn delete(connection: &mut Connection<'_>, accounts: [&str; 2]) -> Result<(), DbError> {
    let statement = "DELETE FROM password_guesses WHERE account IN (?1, ?2)";
    let parameters = accounts.map(Into::into);
    connection.write_replayable(statement, parameters).map(drop)
}

/// Clears away what holds nobody back any more.
pub fn delete_past(connection: &mut Connection<'_>, now: Timestamp) -> Result<(), DbError> {
    let statement = "DELETE FROM password_guesses WHERE forget_at <= ?1 AND in_a_row < ?2";
    let parameters = [now.unix().into(), MAX_IN_A_ROW.into()];
    connection.write_replayable(statement, parameters).map(drop)
}
