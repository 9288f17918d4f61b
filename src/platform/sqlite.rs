//! Thin wrapper around Spin's SQLite interface.

pub use spin_sdk::sqlite::Value;
use spin_sdk::sqlite::wit::sqlite;
use spin_sdk::sqlite::{self as sdk, RowResult};

/// A connection. Spin opens a new one each time. Dropping it rolls back its transaction.
pub struct Connection(sqlite::Connection);

/// A row. Columns count from zero.
pub struct Row(RowResult);

/// The database's error message.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(pub String);

impl Connection {
    /// Opens the default database.
    pub async fn open() -> Result<Self, Error> {
        Ok(Self(
            sqlite::Connection::open_async("default".into()).await?,
        ))
    }

    /// Runs a statement and returns all rows. If the text has several statements, only the first is
    /// run.
    ///
    /// This is one call to the host, and it blocks the whole instance, even while it waits for a
    /// lock. The asynchronous variant needs five calls.
    pub fn execute(&self, statement: &str, parameters: &[Value]) -> Result<Vec<Row>, Error> {
        let result = self.0.execute(statement, parameters)?;
        Ok(result.rows.into_iter().map(Row).collect())
    }
}

impl Row {
    /// The column's value, if it is a text.
    pub fn text(&self, column: usize) -> Option<&str> {
        self.0.get(column)
    }

    /// The column's value, if it is an integer.
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
