//! Spin's SQLite: connections, statements and the values of rows, as plain as they come.

pub use spin_sdk::sqlite::Value;
use spin_sdk::sqlite::wit::sqlite;
use spin_sdk::sqlite::{self as sdk, RowResult};

/// A connection, which Spin opens anew each time. A transaction belongs to it, and dropping it rolls
/// that back.
pub struct Connection(sqlite::Connection);

/// A row of a result; columns count from zero.
pub struct Row(RowResult);

/// What the database answered instead of rows, in its own words.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(pub String);

impl Connection {
    /// Opens the default database.
    ///
    /// # Errors
    /// It cannot be opened.
    pub async fn open() -> Result<Self, Error> {
        Ok(Self(
            sqlite::Connection::open_async("default".into()).await?,
        ))
    }

    /// Runs one statement, and returns all its rows. Of a text with several statements only the first
    /// is run.
    ///
    /// It is one call of the host, and the whole instance stands still for it, also while it waits for
    /// a lock. The call that lets the instance go on takes five calls in its place.
    ///
    /// # Errors
    /// The statement fails.
    pub fn execute(&self, statement: &str, parameters: &[Value]) -> Result<Vec<Row>, Error> {
        let result = self.0.execute(statement, parameters)?;
        Ok(result.rows.into_iter().map(Row).collect())
    }
}

impl Row {
    /// The text of a column, if it holds one.
    pub fn text(&self, column: usize) -> Option<&str> {
        self.0.get(column)
    }

    /// The whole number of a column, if it holds one.
    pub fn integer(&self, column: usize) -> Option<i64> {
        self.0.get(column)
    }
}

impl From<sdk::Error> for Error {
    fn from(error: sdk::Error) -> Self {
        Self(match error {
            sdk::Error::NoSuchDatabase => "no such database".into(),
            sdk::Error::AccessDenied => "access denied".into(),
            sdk::Error::InvalidConnection => "invalid connection".into(),
            sdk::Error::DatabaseFull => "database or disk is full".into(),
            sdk::Error::Io(message) => message,
        })
    }
}
