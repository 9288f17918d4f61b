//! Challenges of the built-in captcha that were solved: each is good once.

use time::Duration;

use super::builtin::SolvedChallenge;
use crate::db::{Connection, DbError};
use crate::platform::timestamp::Timestamp;

/// How long a used challenge is remembered after it has expired: so far can the clock be set back
/// without making one good again.
const CLOCK_TOLERANCE: Duration = Duration::days(1);

/// Uses up a challenge: one statement, so that of many at once one succeeds. `false` if it was
/// used before. Only a power cut can make one good for a second time.
pub fn consume(
    connection: &mut Connection<'_>,
    challenge: &SolvedChallenge,
) -> Result<bool, DbError> {
    let statement = "INSERT INTO used_challenges (nonce, expires_at) VALUES (?1, ?2) \
                     ON CONFLICT (nonce) DO NOTHING RETURNING nonce";
    let parameters = [
        challenge.nonce.as_str().into(),
        challenge.expires_at.unix().into(),
    ];
    let row = connection.write_replayable_one(statement, parameters)?;
    Ok(row.is_some())
}

/// What has expired by then would not be taken any more even if it came again, in seconds since
/// 1970.
pub fn past(now: Timestamp) -> i64 {
    now.plus(-CLOCK_TOLERANCE).unix()
}

/// Clears away what is past.
pub fn delete_past(connection: &mut Connection<'_>, now: Timestamp) -> Result<(), DbError> {
    let statement = "DELETE FROM used_challenges WHERE expires_at <= ?1";
    let parameters = [past(now).into()];
    connection.write_replayable(statement, parameters).map(drop)
}
