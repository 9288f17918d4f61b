//! SQL of events.

use serde_json::{Value, json};
use uuid::Uuid;

use super::Event;
use super::action::{ACCOUNT_SECURED, Action, SESSION_REVOKED};
use crate::db::{Connection, DbError, Row};
use crate::platform::timestamp::Timestamp;

/// Who caused an event, and from where.
pub struct Origin<'a> {
    /// The id of a user, `system`, or the administrators' key.
    pub actor: &'a str,
    /// A keyed hash.
    pub network: &'a str,
    pub request_id: &'a str,
}

/// Inserts an event, and returns its id.
pub fn insert(
    connection: &mut Connection<'_>,
    event: &Event,
    origin: &Origin<'_>,
    now: Timestamp,
) -> Result<i64, DbError> {
    let statement = "INSERT INTO events (at, actor, action, user_id, network, request_id, detail) \
                     VALUES (?1, ?7, ?2, ?3, ?4, ?5, ?6) RETURNING id";
    let parameters = [
        now.unix().into(),
        event.action.name().into(),
        event.user.to_string().into(),
        origin.network.into(),
        origin.request_id.into(),
        event.detail.to_string().into(),
        origin.actor.into(),
    ];
    let row = connection.write_one(statement, parameters)?;
    row.map_or(Ok(0), |row| row.integer(0))
}

/// Inserts an event for each of these users.
pub fn insert_all(
    connection: &mut Connection<'_>,
    action: Action,
    users: &[Uuid],
    origin: &Origin<'_>,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = "INSERT INTO events (at, actor, action, user_id, network, request_id, detail) \
                     SELECT ?1, ?2, ?3, value, ?4, ?5, '{}' FROM json_each(?6)";
    let parameters = [
        now.unix().into(),
        origin.actor.into(),
        action.name().into(),
        origin.network.into(),
        origin.request_id.into(),
        json!(users).to_string().into(),
    ];
    connection.write(statement, parameters).map(drop)
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

/// Sessions of a user that end before their time.
pub struct Revocation {
    user: Uuid,
    actor: String,
    session: Uuid,
    /// All sessions but this one end.
    is_of_others: bool,
    /// `None` if the actor wants it.
    reason: Option<&'static str>,
}

impl Revocation {
    /// The user ends a session.
    pub fn by_user(user: Uuid, session: Uuid) -> Self {
        Self {
            user,
            actor: user.to_string(),
            session,
            is_of_others: false,
            reason: None,
        }
    }

    /// An administrator ends all sessions of a user.
    pub fn of_all(user: Uuid, actor: &str) -> Self {
        Self {
            actor: actor.to_owned(),
            // No session has this id.
            ..Self::of_others(user, Uuid::nil())
        }
    }

    /// The user ends all sessions but one.
    pub fn of_others(user: Uuid, kept: Uuid) -> Self {
        Self {
            is_of_others: true,
            ..Self::by_user(user, kept)
        }
    }

    /// A refresh token was used again, so it may be in other hands.
    pub fn reused(user: Uuid, session: Uuid) -> Self {
        Self {
            actor: "system".to_owned(),
            reason: Some("refresh token reused"),
            ..Self::by_user(user, session)
        }
    }
}

/// Inserts an event for each session that a revocation ends.
pub fn insert_revocation(
    connection: &mut Connection<'_>,
    revocation: &Revocation,
    network: &str,
    request_id: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = "INSERT INTO events (at, actor, action, user_id, network, request_id, detail) \
                     SELECT ?1, ?9, ?2, user_id, ?5, ?6, \
                     json_patch(json_object('session_id', id), \
                     json_object('reason', nullif(?7, ''))) FROM sessions \
                     WHERE user_id = ?3 AND expires_at > ?1 AND (id = ?4) <> ?8";
    let parameters = [
        now.unix().into(),
        SESSION_REVOKED.name().into(),
        revocation.user.to_string().into(),
        revocation.session.to_string().into(),
        network.into(),
        request_id.into(),
        revocation.reason.unwrap_or_default().into(),
        i64::from(revocation.is_of_others).into(),
        revocation.actor.as_str().into(),
    ];
    connection.write(statement, parameters).map(drop)
}

/// An event, as its user sees it.
pub struct Entry {
    pub id: i64,
    pub at: Timestamp,
    /// The name of the action. Newer versions may have recorded others than this one knows.
    pub action: String,
    pub detail: Value,
}

/// The newest events of a user with ids below `before`.
pub fn page(
    connection: &mut Connection<'_>,
    user: Uuid,
    before: i64,
    limit: i64,
) -> Result<Vec<Entry>, DbError> {
    let statement = "SELECT id, at, action, coalesce(detail, '{}') FROM events \
                     WHERE user_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";
    let parameters = [user.to_string().into(), before.into(), limit.into()];
    let rows = connection.query(statement, parameters)?;
    let entry = |row: &Row| {
        Ok(Entry {
            id: row.integer(0)?,
            at: row.unix_time(1)?,
            action: row.text(2)?.to_owned(),
            detail: row.read(3, |text| serde_json::from_str(text).ok())?,
        })
    };
    rows.iter().map(entry).collect()
}

/// Deletes up to a thousand events that happened at `latest` or before.
pub fn delete_until(connection: &mut Connection<'_>, latest: Timestamp) -> Result<(), DbError> {
    let statement = "DELETE FROM events WHERE id IN \
                     (SELECT id FROM events WHERE at <= ?1 ORDER BY at LIMIT 1000)";
    let parameters = [latest.unix().into()];
    connection.write_replayable(statement, parameters).map(drop)
}
