//! Used challenges of the built-in captcha. Each is valid once.

use time::Duration;

use super::builtin::SolvedChallenge;
use crate::db::{Connection, DbError};
use crate::platform::timestamp::Timestamp;

/// How long a used challenge is kept after its expiry. The clock can be set back by as much without
/// making a challenge valid again.
const CLOCK_TOLERANCE: Duration = Duration::days(1);

/// Marks a challenge as used, in one statement so that only one of several concurrent requests
/// succeeds. Returns `false` if it was used before. Only a power cut can make a challenge valid a
/// second time.
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

/// Challenges that expired before this time can be deleted: they would be rejected anyway. In
/// seconds since 1970.
pub fn expiry_cutoff(now: Timestamp) -> i64 {
    now.plus(-CLOCK_TOLERANCE).unix()
}

pub fn delete_expired(connection: &mut Connection<'_>, now: Timestamp) -> Result<(), DbError> {
    let statement = "DELETE FROM used_challenges WHERE expires_at <= ?1";
    let parameters = [expiry_cutoff(now).into()];
    connection.write_replayable(statement, parameters).map(drop)
}
