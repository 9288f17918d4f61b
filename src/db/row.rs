//! Typed access to the columns of a row.

use uuid::Uuid;

use super::DbError;
use crate::platform::sqlite;
use crate::platform::timestamp::Timestamp;

/// A row. Columns count from zero.
pub struct Row(sqlite::Row);

impl From<sqlite::Row> for Row {
    fn from(row: sqlite::Row) -> Self {
        Self(row)
    }
}

impl Row {
    /// The row without its first columns.
    pub(super) fn without_first(self, columns: usize) -> Self {
        Self(self.0.without_first(columns))
    }

    pub fn text(&self, column: usize) -> Result<&str, DbError> {
        self.0.text(column).ok_or_else(|| unexpected(column))
    }

    pub fn integer(&self, column: usize) -> Result<i64, DbError> {
        self.0.integer(column).ok_or_else(|| unexpected(column))
    }

    /// An integer that must fit into `N`.
    pub fn number<N: TryFrom<i64>>(&self, column: usize) -> Result<N, DbError> {
        N::try_from(self.integer(column)?).map_err(|_| unexpected(column))
    }

    /// A UUID, stored as text.
    pub fn uuid(&self, column: usize) -> Result<Uuid, DbError> {
        Uuid::parse_str(self.text(column)?).map_err(|_| unexpected(column))
    }

    /// A timestamp, stored as seconds since 1970.
    pub fn unix_time(&self, column: usize) -> Result<Timestamp, DbError> {
        Timestamp::from_unix(self.integer(column)?).ok_or_else(|| unexpected(column))
    }

    /// A text that `read` must be able to parse.
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
