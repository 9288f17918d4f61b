//! SQL of metrics.

use std::collections::BTreeMap;

use serde_json::json;

use super::Series;
use crate::db::{Connection, DbError, Row};
use crate::platform::timestamp::Timestamp;

/// What is there at the moment of a scrape.
pub struct State {
    pub users: i64,
    /// Sessions that can be refreshed.
    pub sessions: i64,
    /// Queued mails that will be tried again.
    pub mail_waiting: i64,
    /// Age of the oldest of them in seconds, 0 without any.
    pub oldest_mail_seconds: i64,
    /// Queued mails that will not be tried again, because they cannot be read.
    pub mail_set_aside: i64,
}

/// Adds counts to the stored ones. A power cut may undo the last additions. Prometheus takes the lower value for
/// a restart of the counter.
pub fn add(connection: &mut Connection<'_>, counts: &BTreeMap<Series, u64>) -> Result<(), DbError> {
    let statement = "INSERT INTO counters (name, label, value) SELECT json_extract(value, '$[0]'), \
                     json_extract(value, '$[1]'), json_extract(value, '$[2]') FROM json_each(?1) \
                     WHERE true ON CONFLICT (name, label) DO UPDATE \
                     SET value = value + excluded.value";
    let counts = counts.iter();
    let counts: Vec<_> = counts
        .map(|((name, label), count)| json!([name, label, count]))
        .collect();
    let counts = json!(counts).to_string();
    connection
        .write_replayable(statement, [counts.into()])
        .map(drop)
}

/// The stored counts: name, value of the label, count.
pub fn find_counts(connection: &mut Connection<'_>) -> Result<Vec<(String, String, i64)>, DbError> {
    let rows = connection.query("SELECT name, label, value FROM counters", [])?;
    let count = |row: &Row| {
        let (name, label) = (row.text(0)?, row.text(1)?);
        Ok((name.to_owned(), label.to_owned(), row.integer(2)?))
    };
    rows.iter().map(count).collect()
}

/// Counts users, sessions and mail. It reads every session. Mail that is due at `never` was set aside.
pub fn find_state(
    connection: &mut Connection<'_>,
    never: i64,
    now: Timestamp,
) -> Result<State, DbError> {
    let statement = "SELECT (SELECT count(*) FROM users), \
                     (SELECT count(*) FROM sessions WHERE expires_at > ?1), \
                     count(*) FILTER (WHERE due_at < ?2), \
                     coalesce(max(?1 - queued_at) FILTER (WHERE due_at < ?2), 0), \
                     count(*) FILTER (WHERE due_at = ?2) FROM outbox";
    let parameters = [now.unix().into(), never.into()];
    let row = connection.query_one(statement, parameters)?;
    let row = row.ok_or_else(|| DbError::Failed("nothing was counted".into()))?;
    Ok(State {
        users: row.integer(0)?,
        sessions: row.integer(1)?,
        mail_waiting: row.integer(2)?,
        oldest_mail_seconds: row.integer(3)?.max(0),
        mail_set_aside: row.integer(4)?,
    })
}

/// The size of the database in bytes. `None` where the database does not tell.
pub fn find_size(connection: &mut Connection<'_>) -> Result<Option<i64>, DbError> {
    let statement = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    match connection.query_one(statement, []) {
        Ok(Some(row)) => row.integer(0).map(Some),
        Ok(None) | Err(DbError::Unsupported(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
