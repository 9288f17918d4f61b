//! SQL of the networks and the browsers that users have logged in from.

use time::Duration;
use uuid::Uuid;

use crate::db::{Connection, DbError};
use crate::platform::timestamp::Timestamp;
use crate::throttle::network::HashedClient;

/// Number of networks and browsers kept per user: home, work, some phones, and room to travel.
const MAX_PER_USER: i64 = 40;
/// Precision of `seen_at`. Most logins then write nothing.
const PRECISION: Duration = Duration::DAY;

/// What is known of a client as one of a user's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct History {
    /// The user has logged in from this network.
    pub is_known_network: bool,
    /// The user has logged in with this browser.
    pub is_known_browser: bool,
    /// Times of the last logins from this network and with this browser, if stored under the current key.
    seen_at: [Option<Timestamp>; 2],
}

/// Finds a user's history with a client. For an unknown user it does the same work.
pub fn find(
    connection: &mut Connection<'_>,
    user: Uuid,
    client: &HashedClient,
) -> Result<History, DbError> {
    let statement = "SELECT network, seen_at FROM known_networks \
                     WHERE user_id = ?1 AND network IN (?2, ?3, ?4, ?5)";
    let hashes = [&client.network, &client.browser];
    let previous = hashes.map(|hash| hash.previous.as_deref().unwrap_or_default());
    let parameters = [
        user.to_string().into(),
        hashes[0].current.as_str().into(),
        hashes[1].current.as_str().into(),
        previous[0].into(),
        previous[1].into(),
    ];
    let mut is_known = [false; 2];
    let mut seen_at = [None; 2];
    for row in connection.query(statement, parameters)? {
        let stored = row.text(0)?;
        for (index, hash) in hashes.iter().enumerate() {
            let is_current = stored == hash.current;
            is_known[index] |= is_current || stored == previous[index];
            if is_current {
                seen_at[index] = Some(row.unix_time(1)?);
            }
        }
    }
    let [is_known_network, is_known_browser] = is_known;
    Ok(History {
        is_known_network,
        is_known_browser,
        seen_at,
    })
}

/// Records a login of a client, and deletes what is beyond the limit, oldest first. Nothing is recorded for
/// a user who is gone.
pub fn record(
    connection: &mut Connection<'_>,
    user: Uuid,
    client: &HashedClient,
    history: History,
    now: Timestamp,
) -> Result<(), DbError> {
    let is_recent = |seen_at: Timestamp| now < seen_at.plus(PRECISION);
    if history.seen_at.iter().all(|at| at.is_some_and(is_recent)) {
        return Ok(());
    }
    let statement = "INSERT INTO known_networks (user_id, network, seen_at) \
                     SELECT id, ?2, ?4 FROM users WHERE id = ?1 \
                     UNION ALL SELECT id, ?3, ?4 FROM users WHERE id = ?1 \
                     ON CONFLICT (user_id, network) DO UPDATE SET seen_at = excluded.seen_at \
                     RETURNING (SELECT count(*) FROM known_networks WHERE user_id = ?1)";
    let parameters = [
        user.to_string().into(),
        client.network.current.as_str().into(),
        client.browser.current.as_str().into(),
        now.unix().into(),
    ];
    let rows = connection.write_replayable(statement, parameters)?;
    let known = rows.last().map_or(Ok(0), |row| row.integer(0))?;
    if known <= MAX_PER_USER {
        return Ok(());
    }
    let statement = "DELETE FROM known_networks WHERE user_id = ?1 AND network NOT IN \
                     (SELECT network FROM known_networks WHERE user_id = ?1 \
                     ORDER BY seen_at DESC LIMIT ?2)";
    let parameters = [user.to_string().into(), MAX_PER_USER.into()];
    connection.write_replayable(statement, parameters).map(drop)
}
