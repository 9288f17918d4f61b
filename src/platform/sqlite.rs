//! Spin's SQLite: connections, statements and the values of rows, as plain as they come.

pub use super::wasi::Value;
use super::wasi::{self, RowResult, SqliteError};

/// A connection, which Spin opens anew each time. A transaction belongs to it, and dropping it rolls
/// that back.
pub struct Connection(wasi::Connection);

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
        Ok(Self(wasi::open_database("default").await?))
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
        match self.0.values.get(column)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number of a column, if it holds one.
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
