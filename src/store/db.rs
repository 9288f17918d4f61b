//! The database: lends connections, runs statements, and tells its errors apart.

use std::ops::{Deref, DerefMut};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

pub use spin_sdk::sqlite::Value;
use spin_sdk::sqlite::{self, RowResult};
use uuid::Uuid;

use super::migrations;
use crate::domain::timestamp::Timestamp;

/// What the database may answer instead of rows.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// Somebody else kept it locked for longer than the busy timeout (5 s in Spin).
    #[error("locked")]
    Locked,
    /// A row with this value is there already; the text names the column or the index.
    #[error("not unique: {0}")]
    Unique(String),
    /// Anything else, in the words of the database.
    #[error("{0}")]
    Failed(String),
}

/// The database of this instance: opened when first needed, migrated before first use.
#[derive(Default)]
pub struct Database {
    idle: Mutex<Vec<sqlite::Connection>>,
    is_migrated: AtomicBool,
}

/// A connection that nobody else uses meanwhile; it goes back when it is dropped.
pub struct Connection<'a> {
    database: &'a Database,
    /// Empty while a statement runs and after an error: a connection that was given up midway
    /// may hold a transaction or worse, so it is closed instead of lent again.
    inner: Option<sqlite::Connection>,
}

/// A write transaction; dropped without [`commit`](Self::commit) it never happened.
pub struct Transaction<'a>(Connection<'a>);

/// A row of a result; columns count from zero.
pub struct Row(RowResult);

impl Database {
    /// A connection to the migrated database.
    ///
    /// # Errors
    /// The database cannot be opened or migrated.
    pub async fn connect(&self) -> Result<Connection<'_>, DbError> {
        if !self.is_migrated.load(Ordering::Relaxed) {
            migrations::run(self).await?;
            self.is_migrated.store(true, Ordering::Relaxed);
        }
        self.open().await
    }

    /// A connection to the database as it is.
    pub(super) async fn open(&self) -> Result<Connection<'_>, DbError> {
        let idle = self.idle().pop();
        let inner = match idle {
            Some(connection) => connection,
            None => sqlite::Connection::open_default().await?,
        };
        Ok(Connection {
            database: self,
            inner: Some(inner),
        })
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<sqlite::Connection>> {
        // Nothing can panic while it is held, and if it did, a list of connections stays one.
        self.idle
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl<'a> Connection<'a> {
    /// Runs one statement and returns all its rows. Of a text with several statements the
    /// database runs only the first.
    ///
    /// # Errors
    /// The statement fails. The connection is lost with it, but for [`DbError::Unique`].
    pub async fn run(
        &mut self,
        statement: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<Row>, DbError> {
        let lost = || DbError::Failed("the connection was lost to an earlier error".into());
        let inner = self.inner.take().ok_or_else(lost)?;
        let result = collect(&inner, statement, parameters).await;
        if matches!(result, Ok(_) | Err(DbError::Unique(_))) {
            self.inner = Some(inner);
        }
        result
    }

    /// Runs a statement of which at most one row is wanted.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn run_for_one(
        &mut self,
        statement: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> Result<Option<Row>, DbError> {
        Ok(self.run(statement, parameters).await?.into_iter().next())
    }

    /// Begins a transaction that may write. It takes the lock at once: a read that becomes a
    /// write midway can fail without waiting for anybody.
    ///
    /// # Errors
    /// The database stays locked by somebody else.
    pub async fn begin(mut self) -> Result<Transaction<'a>, DbError> {
        self.run("BEGIN IMMEDIATE", []).await?;
        Ok(Transaction(self))
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.take() {
            self.database.idle().push(inner);
        }
    }
}

impl<'a> Transaction<'a> {
    /// Makes everything that the transaction did durable.
    ///
    /// # Errors
    /// It could not be written; then nothing of it was.
    pub async fn commit(mut self) -> Result<Connection<'a>, DbError> {
        self.run("COMMIT", []).await?;
        let database = self.0.database;
        let inner = self.0.inner.take();
        Ok(Connection { database, inner })
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        // Closing a connection rolls back what it has not committed.
        self.0.inner = None;
    }
}

impl<'a> Deref for Transaction<'a> {
    type Target = Connection<'a>;

    fn deref(&self) -> &Connection<'a> {
        &self.0
    }
}

impl<'a> DerefMut for Transaction<'a> {
    fn deref_mut(&mut self) -> &mut Connection<'a> {
        &mut self.0
    }
}

async fn collect(
    connection: &sqlite::Connection,
    statement: &str,
    parameters: impl IntoIterator<Item = Value>,
) -> Result<Vec<Row>, DbError> {
    let result = connection.execute(statement, parameters).await?;
    // A statement's own error, a broken constraint too, comes after its rows.
    let rows = result.collect().await?;
    Ok(rows.into_iter().map(Row).collect())
}

impl Row {
    /// A text.
    ///
    /// # Errors
    /// The column holds none.
    pub fn text(&self, column: usize) -> Result<&str, DbError> {
        self.0.get(column).ok_or_else(|| unexpected(column))
    }

    /// A whole number.
    ///
    /// # Errors
    /// The column holds none.
    pub fn integer(&self, column: usize) -> Result<i64, DbError> {
        self.0.get(column).ok_or_else(|| unexpected(column))
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

impl From<sqlite::Error> for DbError {
    fn from(error: sqlite::Error) -> Self {
        match error {
            sqlite::Error::NoSuchDatabase => Self::Failed("no such database".into()),
            sqlite::Error::AccessDenied => Self::Failed("access denied".into()),
            sqlite::Error::InvalidConnection => Self::Failed("invalid connection".into()),
            sqlite::Error::DatabaseFull => Self::Failed("database or disk is full".into()),
            sqlite::Error::Io(message) => classify(message),
        }
    }
}

/// Tells errors apart by the database's words, which is all that Spin passes on. libSQL wraps
/// them in its own, so they are looked for anywhere in the message.
fn classify(message: String) -> DbError {
    const UNIQUE: &str = "UNIQUE constraint failed: ";
    if let Some((_, what)) = message.split_once(UNIQUE) {
        DbError::Unique(what.to_owned())
    } else if message.contains("database is locked") || message.contains("database table is locked")
    {
        DbError::Locked
    } else {
        DbError::Failed(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_apart_by_their_words_wrapped_or_not() {
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
