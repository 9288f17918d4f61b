//! The networks that users have logged in from.

use time::Duration;
use uuid::Uuid;

use crate::db::{Connection, DbError};
use crate::platform::timestamp::Timestamp;
use crate::throttle::network::HashedNetwork;

/// How many networks are known for one user: home, work, some phones, with room to travel.
const MAX_PER_USER: i64 = 20;
/// How exactly the last login from a network is kept: most logins then write nothing.
const PRECISION: Duration = Duration::DAY;

/// What is known of a network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// The user has logged in from there.
    pub is_known: bool,
    /// When last, as far as it is stored under the current key.
    seen_at: Option<Timestamp>,
}

/// What is known of a network for a user. It is the same work for a user that does not exist.
pub fn find(
    connection: &mut Connection<'_>,
    user: Uuid,
    network: &HashedNetwork,
) -> Result<Standing, DbError> {
    let statement = "SELECT network, seen_at FROM known_networks \
                     WHERE user_id = ?1 AND network IN (?2, ?3)";
    let parameters = [
        user.to_string().into(),
        network.current.as_str().into(),
        network.previous.as_deref().unwrap_or_default().into(),
    ];
    let mut standing = Standing::default();
    for row in connection.query(statement, parameters)? {
        standing.is_known = true;
        if row.text(0)? == network.current {
            standing.seen_at = Some(row.unix_time(1)?);
        }
    }
    Ok(standing)
}

/// Records a login from a network. The networks seen longest ago give way.
pub fn record(
    connection: &mut Connection<'_>,
    user: Uuid,
    network: &HashedNetwork,
    standing: Standing,
    now: Timestamp,
) -> Result<(), DbError> {
    let is_recent = |seen_at: Timestamp| now < seen_at.plus(PRECISION);
    if standing.seen_at.is_some_and(is_recent) {
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
