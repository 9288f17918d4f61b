//! Database errors, classified.

use crate::platform::sqlite;

#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// Another connection held the lock for longer than the busy timeout (5 s in Spin).
    #[error("locked")]
    Locked,
    /// A unique constraint failed. The text names the column or the index.
    #[error("not unique: {0}")]
    Unique(String),
    /// The database does not support the statement: libSQL manages durability itself.
    #[error("{0}")]
    Unsupported(String),
    /// A libSQL server has forgotten the connection, after ten seconds without a statement or after a
    /// restart, together with its open transaction. The statement has not run.
    #[error("{0}")]
    Expired(String),
    /// Any other error, in the database's words.
    #[error("{0}")]
    Failed(String),
}

impl From<sqlite::Error> for DbError {
    fn from(error: sqlite::Error) -> Self {
        classify(error.0)
    }
}

impl DbError {
    /// Whether the connection remains usable.
    pub(super) fn is_recoverable(&self) -> bool {
        matches!(self, Self::Unique(_) | Self::Unsupported(_))
    }
}

/// Classifies an error by its message, which is all that Spin passes on. libSQL wraps messages in
/// its own, so the search covers the whole text.
fn classify(message: String) -> DbError {
    const UNIQUE: &str = "UNIQUE constraint failed: ";
    /// `libsql-server/src/hrana/http`: errors of a stream, which is a connection over HTTP.
    const EXPIRED: [&str; 3] = [
        "STREAM_EXPIRED",
        "Received an invalid baton",
        "stream not found",
    ];
    if let Some((_, what)) = message.split_once(UNIQUE) {
        DbError::Unique(what.to_owned())
    } else if message.contains("database is locked") || message.contains("database table is locked")
    {
        DbError::Locked
    } else if EXPIRED.iter().any(|text| message.contains(text)) {
        DbError::Expired(message)
    } else if message.contains("unsupported statement") {
        DbError::Unsupported(message)
    } else {
        DbError::Failed(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refused_statement_counts_as_unsupported() {
        let is_unsupported =
            |message: &str| matches!(classify(message.to_owned()), DbError::Unsupported(_));
        for refused in [
            "unsupported statement: PRAGMA synchronous = NORMAL",
            "Hrana: `stream error: `Error { message: \"SQL string could not be parsed: unsupported \
             statement: PRAGMA journal_mode = WAL\", code: \"SQL_PARSE_ERROR\" }``",
        ] {
            assert!(is_unsupported(refused), "{refused}");
        }
        for other in [
            "database is locked",
            "disk I/O error",
            "attempt to write a readonly database",
            "Safety level may not be changed inside a transaction",
            "Hrana: `http error: `connection refused``",
        ] {
            assert!(!is_unsupported(other), "{other}");
        }
    }

    #[test]
    fn a_connection_that_the_server_has_forgotten_counts_as_expired() {
        for expired in [
            "Hrana: `api error: `status=400 Bad Request, body={\"message\":\"The stream has expired due \
             to inactivity\",\"code\":\"STREAM_EXPIRED\"}``",
            "Hrana: `api error: `status=400 Bad Request, body=Received an invalid baton: MAC \
             authentication failed``",
            "Hrana: `api error: `status=404 Not Found, body={\"error\":\"stream not found: 4a:b9\"}``",
        ] {
            let error = classify(expired.to_owned());
            assert!(matches!(error, DbError::Expired(_)), "{expired}");
            assert!(!error.is_recoverable());
        }
    }

    #[test]
    fn errors_are_classified_by_their_message_wrapped_or_not() {
        for (message, expected) in [
            (
                "UNIQUE constraint failed: users.email",
                "not unique: users.email",
            ),
            (
                "Hrana: `api error: `SQLite error: UNIQUE constraint failed: users.email``",
                "not unique: users.email``",
            ),
            (
                "UNIQUE constraint failed: index 'ix_users_username_lower'",
                "not unique: index 'ix_users_username_lower'",
            ),
            ("database is locked", "locked"),
            ("stream error: database is locked", "locked"),
            ("database table is locked: users", "locked"),
            ("no such table: users", "no such table: users"),
            (
                "FOREIGN KEY constraint failed",
                "FOREIGN KEY constraint failed",
            ),
        ] {
            assert_eq!(classify(message.to_owned()).to_string(), expected);
        }
    }
}
