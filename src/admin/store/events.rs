//! SQL of the audit log.

use serde_json::Value;
use uuid::Uuid;

use super::window::{self, Page};
use crate::db::{Connection, DbError, Row};
use crate::platform::timestamp::Timestamp;

/// What the log is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    pub user: Option<Uuid>,
    pub action: Option<String>,
}

/// An event, as administrators see it.
pub struct Entry {
    pub id: i64,
    pub at: Timestamp,
    /// The id of a user, `system`, or the administrators' key.
    pub actor: String,
    pub action: String,
    pub user: String,
    pub request_id: Option<String>,
    pub detail: Value,
}

/// Reads up to `limit` of the newest events with ids below `before`. It examines at most
/// [`window::SIZE`] events.
pub fn page(
    connection: &mut Connection<'_>,
    filter: &Filter,
    before: i64,
    limit: usize,
) -> Result<Page<Entry, i64>, DbError> {
    let user = filter.user.map(|id| id.to_string()).unwrap_or_default();
    let action = filter.action.clone().unwrap_or_default();
    let parameters = [
        before.into(),
        user.into(),
        action.into(),
        (limit as i64 + 1).into(),
    ];
    let rows = connection.query(&statement(filter), parameters)?;
    let find = |row: &Row| {
        let Ok(id) = row.integer(0) else {
            return Ok(None);
        };
        Ok(Some((read(row, id)?, id)))
    };
    window::page(&rows, limit, find, |row| row.integer(7).ok())
}

fn read(row: &Row, id: i64) -> Result<Entry, DbError> {
    Ok(Entry {
        id,
        at: row.unix_time(1)?,
        actor: row.text(2)?.to_owned(),
        action: row.text(3)?.to_owned(),
        user: row.text(4)?.to_owned(),
        request_id: row.text(5).ok().map(str::to_owned),
        detail: row.read(6, |text| serde_json::from_str(text).ok())?,
    })
}

fn statement(filter: &Filter) -> String {
    let source = match (&filter.user, filter.action.as_deref()) {
        (Some(_), _) => "user_id = ?2",
        (None, None | Some("session.created")) => "1",
        // The index has all actions but that of a login.
        (None, Some(_)) => "action <> 'session.created' AND action = ?3",
    };
    let (size, last) = (window::SIZE, window::SIZE - 1);
    format!(
        "WITH candidates AS MATERIALIZED (SELECT id, at, actor, action, user_id, request_id, \
         coalesce(detail, '{{}}') FROM events WHERE {source} AND id < ?1 \
         ORDER BY id DESC LIMIT {size}) \
         SELECT c.*, w.id FROM (SELECT (SELECT id FROM candidates LIMIT 1 OFFSET {last}) AS id) w \
         LEFT JOIN candidates c ON ?2 IN ('', c.user_id) AND ?3 IN ('', c.action) \
         ORDER BY c.id DESC LIMIT ?4"
    )
}
