//! SQL of the audit log.

use serde_json::Value;
use uuid::Uuid;

use crate::db::{Connection, DbError, Row};
use crate::platform::timestamp::Timestamp;

/// Events that one page examines.
const WINDOW: i64 = 1000;

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

/// The events of one page, and the id below which the next page begins.
pub struct Page {
    pub events: Vec<Entry>,
    pub end: Option<i64>,
}

/// Reads up to `limit` of the newest events with ids below `before`. It examines at most [`WINDOW`] events.
pub fn page(
    connection: &mut Connection<'_>,
    filter: &Filter,
    before: i64,
    limit: usize,
) -> Result<Page, DbError> {
    let user = filter.user.map(|id| id.to_string()).unwrap_or_default();
    let action = filter.action.clone().unwrap_or_default();
    let parameters = [
        before.into(),
        user.into(),
        action.into(),
        (limit as i64 + 1).into(),
    ];
    let rows = connection.query(&statement(filter), parameters)?;
    let mut events = Vec::new();
    let mut window_end = None;
    for row in &rows {
        window_end = row.integer(7).ok();
        // The row that tells only the end of the window has no event.
        if row.integer(0).is_ok() {
            events.push(read(row)?);
        }
    }
    let has_more = events.len() > limit;
    events.truncate(limit);
    let last = events.last().map(|event| event.id);
    Ok(Page {
        end: if has_more { last } else { window_end },
        events,
    })
}

fn read(row: &Row) -> Result<Entry, DbError> {
    Ok(Entry {
        id: row.integer(0)?,
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
    let last = WINDOW - 1;
    format!(
        "WITH candidates AS MATERIALIZED (SELECT id, at, actor, action, user_id, request_id, \
         coalesce(detail, '{{}}') FROM events WHERE {source} AND id < ?1 \
         ORDER BY id DESC LIMIT {WINDOW}) \
         SELECT c.*, w.id FROM (SELECT (SELECT id FROM candidates LIMIT 1 OFFSET {last}) AS id) w \
         LEFT JOIN candidates c ON ?2 IN ('', c.user_id) AND ?3 IN ('', c.action) \
         ORDER BY c.id DESC LIMIT ?4"
    )
}
