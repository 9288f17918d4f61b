//! SQL of the networks that users have logged in from.

use time::Duration;
use uuid::Uuid;

use crate::db::{Connection, DbError};
use crate::platform::timestamp::Timestamp;
use crate::throttle::network::HashedNetwork;

/// Number of networks kept per user: home, work, some phones, and room to travel.
const MAX_PER_USER: i64 = 20;
/// Precision of `seen_at`. Most logins then write nothing.
const PRECISION: Duration = Duration::DAY;

/// A user's history on a network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NetworkHistory {
    /// The user has logged in from this network.
    pub is_known: bool,
    /// Time of the last login, if stored under the current key.
    seen_at: Option<Timestamp>,
}

/// Finds a user's history on a network. For an unknown user it does the same work.
pub fn find(
    connection: &mut Connection<'_>,
    user: Uuid,
    network: &HashedNetwork,
) -> Result<NetworkHistory, DbError> {
    let statement = "SELECT network, seen_at FROM known_networks \
                     WHERE user_id = ?1 AND network IN (?2, ?3)";
    let parameters = [
        user.to_string().into(),
        network.current.as_str().into(),
        network.previous.as_deref().unwrap_or_default().into(),
    ];
    let mut history = NetworkHistory::default();
    for row in connection.query(statement, parameters)? {
        history.is_known = true;
        if row.text(0)? == network.current {
            history.seen_at = Some(row.unix_time(1)?);
        }
    }
    Ok(history)
}

/// Records a login from a network, and deletes the networks beyond the limit, oldest first.
pub fn record(
    connection: &mut Connection<'_>,
    user: Uuid,
    network: &HashedNetwork,
    history: NetworkHistory,
    now: Timestamp,
) -> Result<(), DbError> {
    let is_recent = |seen_at: Timestamp| now < seen_at.plus(PRECISION);
    if history.seen_at.is_some_and(is_recent) {
        return Ok(());
    }
    let statement = "INSERT INTO known_networks (user_id, network, seen_at) VALUES (?1, ?2, ?3) \
                     ON CONFLICT (user_id, network) DO UPDATE SET seen_at = excluded.seen_at \
                     RETURNING (SELECT count(*) FROM known_networks WHERE user_id = ?1)";
    let parameters = [
        user.to_string().into(),
        network.current.as_str().into(),
        now.unix().into(),
    ];
    let row = connection.write_replayable_one(statement, parameters)?;
    let known = row.map_or(Ok(0), |row| row.integer(0))?;
    if known <= MAX_PER_USER {
        return Ok(());
    }
    let statement = "DELETE FROM known_networks WHERE user_id = ?1 AND network NOT IN \
                     (SELECT network FROM known_networks WHERE user_id = ?1 \
                     ORDER BY seen_at DESC LIMIT ?2)";
    let parameters = [user.to_string().into(), MAX_PER_USER.into()];
    connection.write_replayable(statement, parameters).map(drop)
}
