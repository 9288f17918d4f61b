//! Connections and transactions: they run statements, each as durable as it has to be.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::Ordering;

use super::{Database, DbError, Row};
use crate::platform::sqlite::{self, Value};

/// What a power cut may do to what is written. A crash of the service loses nothing either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// Nothing that was acknowledged is lost: SQLite's `synchronous` FULL, and its default.
    Full,
    /// The last moments' writes may be lost, and no write waits for the disk: `synchronous` NORMAL
    /// with a write-ahead log.
    Normal,
}

/// A connection of the host's, and how it writes.
pub(super) struct HostConnection {
    pub(super) sqlite: sqlite::Connection,
    pub(super) durability: Durability,
}

/// A connection for one caller; it goes back to the idle ones when it is dropped.
pub struct Connection<'a> {
    database: &'a Database,
    /// Empty while a statement runs and after an error: a connection that was given up midway
    /// may hold a transaction or worse, so it is closed instead of lent again.
    inner: Option<HostConnection>,
    /// SQLite ignores a change of durability within a transaction, so none is asked for.
    is_in_transaction: bool,
}

/// A write transaction; dropped without [`commit`](Self::commit) it never happened.
pub struct Transaction<'a>(Connection<'a>);

impl<'a> Connection<'a> {
    pub(super) fn of(database: &'a Database, inner: HostConnection) -> Self {
        Self {
            database,
            inner: Some(inner),
            is_in_transaction: false,
        }
    }

    /// Runs one statement that reads, and returns its rows.
    ///
    /// # Errors
    /// The statement fails. The connection is lost with it.
    pub fn query(
        &mut self,
        statement: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<Row>, DbError> {
        self.execute(statement, parameters)
    }

    /// As [`query`](Self::query), where at most one row is wanted.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    pub fn query_one(
        &mut self,
        statement: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> Result<Option<Row>, DbError> {
        Ok(self.query(statement, parameters)?.into_iter().next())
    }

    /// Runs one statement that writes, and returns its rows. What it has written is on the disk
    /// when it returns, or when the transaction is committed.
    ///
    /// # Errors
    /// The statement fails. The connection is lost with it, but for [`DbError::Unique`].
    pub fn write(
        &mut self,
        statement: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<Row>, DbError> {
        self.write_at(Durability::Full, statement, parameters)
    }

    /// As [`write`](Self::write), where at most one row is wanted.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_one(
        &mut self,
        statement: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> Result<Option<Row>, DbError> {
        Ok(self.write(statement, parameters)?.into_iter().next())
    }

    /// As [`write`](Self::write), without the wait for the disk: for what can be done again, such
    /// as a rotation, because a power cut may take the last moments' back. Within a transaction it
    /// is as durable as the rest.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_replayable(
        &mut self,
        statement: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<Row>, DbError> {
        self.write_at(Durability::Normal, statement, parameters)
    }

    /// As [`write_replayable`](Self::write_replayable), where at most one row is wanted.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_replayable_one(
        &mut self,
        statement: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> Result<Option<Row>, DbError> {
        let rows = self.write_replayable(statement, parameters)?;
        Ok(rows.into_iter().next())
    }

    /// Begins a transaction, which is durable. It takes the lock at once: a read that becomes a
    /// write midway can fail without waiting for the lock.
    ///
    /// # Errors
    /// Another connection keeps the database locked.
    pub fn begin(mut self) -> Result<Transaction<'a>, DbError> {
        self.write("BEGIN IMMEDIATE", [])?;
        self.is_in_transaction = true;
        Ok(Transaction(self))
    }

    fn write_at(
        &mut self,
        durability: Durability,
        statement: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<Row>, DbError> {
        if !self.is_in_transaction {
            self.make(durability)?;
        }
        self.execute(statement, parameters)
    }

    /// Makes the connection write like this from now on, if it does not yet.
    fn make(&mut self, durability: Durability) -> Result<(), DbError> {
        let may_write_normal = &self.database.may_write_normal;
        let durability = if may_write_normal.load(Ordering::Relaxed) {
            durability
        } else {
            Durability::Full
        };
        if self.inner.as_ref().map(|inner| inner.durability) == Some(durability) {
            return Ok(());
        }
        let statement = match durability {
            Durability::Full => "PRAGMA synchronous = FULL",
            Durability::Normal => "PRAGMA synchronous = NORMAL",
        };
        match self.execute(statement, []) {
            Ok(_) => {}
            // FULL comes after a NORMAL that was taken: to go on without it would break a promise.
            Err(DbError::Unsupported(cause)) if durability == Durability::Normal => {
                tracing::info!(cause, "the database keeps its own durability");
                may_write_normal.store(false, Ordering::Relaxed);
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        if let Some(inner) = &mut self.inner {
            inner.durability = durability;
        }
        Ok(())
    }

    /// Runs one statement, while the instance stands still. No other request waits with it: an
    /// instance has one at a time, or the work between requests.
    fn execute(
        &mut self,
        statement: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<Row>, DbError> {
        let lost = || DbError::Failed("the connection was lost to an earlier error".into());
        let inner = self.inner.take().ok_or_else(lost)?;
        let parameters: Vec<_> = parameters.into_iter().collect();
        let result = inner.sqlite.execute(statement, &parameters);
        let result = result.map_err(DbError::from);
        if result.as_ref().err().is_none_or(DbError::leaves_connection) {
            self.inner = Some(inner);
        }
        Ok(result?.into_iter().map(Row::from).collect())
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
    pub fn commit(mut self) -> Result<Connection<'a>, DbError> {
        self.write("COMMIT", [])?;
        Ok(Connection {
            database: self.0.database,
            inner: self.0.inner.take(),
            is_in_transaction: false,
        })
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
