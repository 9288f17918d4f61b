//! Rows of a result, read column by column.

use uuid::Uuid;

use super::DbError;
use crate::platform::sqlite;
use crate::platform::timestamp::Timestamp;

/// A row of a result; columns count from zero.
pub struct Row(sqlite::Row);

impl From<sqlite::Row> for Row {
    fn from(row: sqlite::Row) -> Self {
        Self(row)
    }
}

impl Row {
    /// A text.
    ///
    /// # Errors
    /// The column holds none.
    pub fn text(&self, column: usize) -> Result<&str, DbError> {
        self.0.text(column).ok_or_else(|| unexpected(column))
    }

    /// A whole number.
    ///
    /// # Errors
    /// The column holds none.
    pub fn integer(&self, column: usize) -> Result<i64, DbError> {
        self.0.integer(column).ok_or_else(|| unexpected(column))
    }

    /// A whole number within the range of `N`.
    ///
    /// # Errors
    /// The column holds none.
    pub fn number<N: TryFrom<i64>>(&self, column: usize) -> Result<N, DbError> {
        N::try_from(self.integer(column)?).map_err(|_| unexpected(column))
    }

    /// A UUID, which is stored as text.
    ///
    /// # Errors
    /// The column holds none.
    pub fn uuid(&self, column: usize) -> Result<Uuid, DbError> {
        Uuid::parse_str(self.text(column)?).map_err(|_| unexpected(column))
    }

    /// A moment that is stored as seconds since 1970.
    ///
    /// # Errors
    /// The column holds none.
    pub fn unix_time(&self, column: usize) -> Result<Timestamp, DbError> {
        Timestamp::from_unix(self.integer(column)?).ok_or_else(|| unexpected(column))
    }

    /// What `read` makes of a text.
    ///
    /// # Errors
    /// The column holds no text, or `read` makes nothing of it.
    pub fn read<T>(
        &self,
        column: usize,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, DbError> {
        read(self.text(column)?).ok_or_else(|| unexpected(column))
    }
}

fn unexpected(column: usize) -> DbError {
    DbError::Failed(format!("column {column} holds something unexpected"))
}
