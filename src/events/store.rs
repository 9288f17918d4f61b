//! SQL of events.

use super::Event;
use super::action::{ACCOUNT_SECURED, Action};
use crate::db::{Connection, DbError};
use crate::platform::timestamp::Timestamp;

/// Inserts an event that the user caused, and returns its id.
pub fn insert(
    connection: &mut Connection<'_>,
    event: &Event,
    network: &str,
    request_id: &str,
    now: Timestamp,
) -> Result<i64, DbError> {
    let statement = "INSERT INTO events (at, actor, action, user_id, network, request_id, detail) \
                     VALUES (?1, ?3, ?2, ?3, ?4, ?5, ?6) RETURNING id";
    let parameters = [
        now.unix().into(),
        event.action.name().into(),
        event.user.to_string().into(),
        network.into(),
        request_id.into(),
        event.detail.to_string().into(),
    ];
    let row = connection.write_one(statement, parameters)?;
    row.map_or(Ok(0), |row| row.integer(0))
}

/// Finds an event that its owner may disown: not older than `since`, and not disowned yet.
pub fn find_disownable(
    connection: &mut Connection<'_>,
    id: i64,
    since: Timestamp,
) -> Result<Option<Event>, DbError> {
    let statement = "SELECT e.action, e.user_id, e.detail FROM events e \
                     JOIN users u ON u.id = e.user_id \
                     WHERE e.id = ?1 AND e.at > ?2 AND NOT EXISTS (SELECT 1 FROM events s \
                     WHERE s.user_id = e.user_id AND s.id > e.id AND s.action = ?3 \
                     AND json_extract(s.detail, '$.event_id') = e.id)";
    let parameters = [
        id.into(),
        since.unix().into(),
        ACCOUNT_SECURED.name().into(),
    ];
    let row = connection.query_one(statement, parameters)?;
    row.map(|row| {
        Ok(Event {
            action: row.read(0, Action::named)?,
            user: row.uuid(1)?,
            detail: row.read(2, |text| serde_json::from_str(text).ok())?,
        })
    })
    .transpose()
}
