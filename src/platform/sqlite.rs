//! Thin wrapper around Spin's SQLite interface.

pub use super::wasi::Value;
use super::wasi::{self, RowResult, SqliteError};

/// A connection. Spin opens a new one each time. Dropping it rolls back its transaction.
pub struct Connection(wasi::Connection);

/// A row. Columns count from zero.
pub struct Row(RowResult);

/// The database's error message.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(pub String);

impl Connection {
    /// Opens the default database.
    pub fn open() -> Result<Self, Error> {
        Ok(Self(wasi::open_database("default")?))
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
    /// The row without its first columns.
    pub fn without_first(self, columns: usize) -> Self {
        let values = self.0.values.into_iter().skip(columns).collect();
        Self(RowResult { values })
    }

    /// The column's value, if it is a text.
    pub fn text(&self, column: usize) -> Option<&str> {
        match self.0.values.get(column)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The column's value, if it is an integer.
    pub fn integer(&self, column: usize) -> Option<i64> {
        match self.0.values.get(column)? {
            Value::Integer(integer) => Some(*integer),
            _ => None,
        }
    }
}

impl From<SqliteError> for Error {
    fn from(error: SqliteError) -> Self {
        Self(match error {
            SqliteError::NoSuchDatabase => "no such database".into(),
            SqliteError::AccessDenied => "access denied".into(),
            SqliteError::InvalidConnection => "invalid connection".into(),
            SqliteError::DatabaseFull => "database or disk is full".into(),
            SqliteError::Io(message) => message,
        })
    }
}
