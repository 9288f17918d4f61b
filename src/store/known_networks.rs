//! The networks that users have logged in from.

use time::Duration;
use uuid::Uuid;

use super::db::{Connection, DbError};
use crate::domain::timestamp::Timestamp;

/// How many networks are known for one user: home, work, some phones, with room to travel.
const MAX_PER_USER: i64 = 20;
/// How exactly the last login from a network is kept: most logins then write nothing.
const PRECISION: Duration = Duration::DAY;

/// When a user last logged in from a network; `None` if never. It is the same work for a user that
/// does not exist.
///
/// # Errors
/// The database failed.
pub fn seen_at(
    connection: &mut Connection<'_>,
    user: Uuid,
    network: &str,
) -> Result<Option<Timestamp>, DbError> {
    let statement = "SELECT seen_at FROM known_networks WHERE user_id = ?1 AND network = ?2";
    let parameters = [user.to_string().into(), network.into()];
    let row = connection.query_one(statement, parameters)?;
    row.map(|row| row.unix_time(0)).transpose()
}

/// Records a login from a network that was last `seen_at`. The networks seen longest ago give way.
///
/// # Errors
/// The database failed.
pub fn record(
    connection: &mut Connection<'_>,
    user: Uuid,
    network: &str,
    seen_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), DbError> {
    if seen_at.is_some_and(|seen_at| now < seen_at.plus(PRECISION)) {
        return Ok(());
    }
    let statement = "INSERT INTO known_networks (user_id, network, seen_at) VALUES (?1, ?2, ?3) \
                     ON CONFLICT (user_id, network) DO UPDATE SET seen_at = excluded.seen_at";
    let parameters = [user.to_string().into(), network.into(), now.unix().into()];
    connection.write_replayable(statement, parameters)?;
    let statement = "DELETE FROM known_networks WHERE user_id = ?1 AND network NOT IN \
                     (SELECT network FROM known_networks WHERE user_id = ?1 \
                     ORDER BY seen_at DESC LIMIT ?2)";
    let parameters = [user.to_string().into(), MAX_PER_USER.into()];
    connection.write_replayable(statement, parameters).map(drop)
}
