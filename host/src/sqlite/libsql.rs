//! The manners of libSQL behind Spin's interface.
//!
//! Spin's client (crate `libsql` 0.5, Hrana over HTTP) sends each statement in a request of its own. The
//! server parses it first and refuses what could change how it stores data, among that most PRAGMAs
//! (`libsql-server/src/query_analysis.rs`), and the client wraps each message in its own. The server
//! keeps its own write-ahead log. A transaction stays open over several requests, as here, but the
//! server forgets a connection that has been idle for too long.

use std::time::Duration;

use rusqlite::{Connection, ErrorCode};
use tokio::time::{Instant, sleep};

use crate::bindings::spin::sqlite::sqlite::Error;

/// The PRAGMAs that the server accepts.
const ACCEPTED: [&str; 3] = ["foreign_keys", "table_info", "user_version"];

/// The time without a statement after which the server forgets a connection
/// (`libsql-server/src/hrana/http/stream.rs`).
const IDLE_LIMIT: Duration = Duration::from_secs(10);

/// A server of libSQL.
#[derive(Clone, Copy)]
pub(crate) struct Libsql {
    /// The time that each statement spends on its way.
    pub(crate) latency: Duration,
}

impl Libsql {
    /// Configures the server's database.
    pub(super) fn configure_database(connection: &Connection) -> rusqlite::Result<()> {
        connection.pragma_update(None, "journal_mode", "WAL")
    }

    /// Configures a connection of the server.
    pub(super) fn configure(connection: &Connection) -> rusqlite::Result<()> {
        connection.pragma_update(None, "synchronous", "NORMAL")
    }

    /// Sends a statement to the server over a connection that was last used at `last_use`, if ever.
    ///
    /// # Errors
    /// The server has forgotten the connection, or refuses the statement.
    pub(super) async fn send(self, sql: &str, last_use: Option<Instant>) -> Result<(), Error> {
        if !self.latency.is_zero() {
            sleep(self.latency).await;
        }
        if last_use.is_some_and(|last_use| last_use.elapsed() > IDLE_LIMIT) {
            return Err(Error::Io(EXPIRED.to_owned()));
        }
        match pragma(sql) {
            Some(name) if !ACCEPTED.contains(&name) => Err(wrapped(
                &format!("SQL string could not be parsed: unsupported statement: {sql}"),
                "SQL_PARSE_ERROR",
            )),
            _ => Ok(()),
        }
    }
}

const EXPIRED: &str = "Hrana: `api error: `status=400 Bad Request, body={\"message\":\"The stream has expired due to inactivity\",\"code\":\"STREAM_EXPIRED\"}``";

/// The name of the PRAGMA that the statement reads or sets.
fn pragma(sql: &str) -> Option<&str> {
    let rest = sql.trim_start();
    let (keyword, rest) = rest.split_at_checked("PRAGMA ".len())?;
    let is_part_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = rest.find(|c| !is_part_of_name(c)).unwrap_or(rest.len());
    keyword
        .eq_ignore_ascii_case("PRAGMA ")
        .then_some(&rest[..end])
}

/// An error of the server's SQLite, as the client reports it.
pub(super) fn error(err: rusqlite::Error) -> Error {
    let code = match err.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => "SQLITE_CONSTRAINT",
        Some(ErrorCode::DatabaseBusy) => "SQLITE_BUSY",
        _ => "SQLITE_UNKNOWN",
    };
    wrapped(&format!("SQLite error: {err}"), code)
}

fn wrapped(message: &str, code: &str) -> Error {
    Error::Io(format!(
        "Hrana: `stream error: `Error {{ message: {message:?}, code: {code:?} }}``"
    ))
}
