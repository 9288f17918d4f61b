//! SQL of failed logins from unknown networks: the rate limit and the lockout.

use time::Duration;

use super::FULL_AT;
use crate::db::{Connection, DbError};
use crate::platform::timestamp::Timestamp;
use crate::throttle::limits::{LOCKOUT_FAILURES, LOGIN_FAILURES_FROM_UNKNOWN_NETWORKS as LIMIT};

/// Consecutive failures below the lockout are forgotten after this time without another.
const STREAK_LIFETIME: Duration = Duration::WEEK;

/// Counts a guess, in one statement so that concurrent guesses cannot exceed the limit. Returns
/// `Some(seconds)` if the guess is refused until then; a refused guess is not counted.
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
        now.plus(STREAK_LIFETIME).unix().into(),
        LOCKOUT_FAILURES.into(),
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

/// Resets the consecutive failures under both names after the owner has logged in, and uncounts the
/// successful guess under the name `counted`, if any. The rate limit stays, otherwise each login of
/// the owner would grant strangers a new burst.
pub fn reset_streak(
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

/// Deletes all counts after a password reset.
pub fn delete(connection: &mut Connection<'_>, accounts: [&str; 2]) -> Result<(), DbError> {
    let statement = "DELETE FROM password_guesses WHERE account IN (?1, ?2)";
    let parameters = accounts.map(Into::into);
    connection.write_replayable(statement, parameters).map(drop)
}

/// Deletes expired counts below the lockout.
pub fn delete_expired(connection: &mut Connection<'_>, now: Timestamp) -> Result<(), DbError> {
    let statement = "DELETE FROM password_guesses WHERE forget_at <= ?1 AND in_a_row < ?2";
    let parameters = [now.unix().into(), LOCKOUT_FAILURES.into()];
    connection.write_replayable(statement, parameters).map(drop)
}
