//! Connections. Each statement is as durable as it needs to be.

use std::sync::atomic::{AtomicBool, Ordering};

use super::first_read::read_if_current;
use super::{Database, DbError, Row};
use crate::platform::sqlite::{self, Value};

/// Effect of a power cut on a write. A crash of the service loses nothing in either mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Durability {
    /// Acknowledged writes survive: SQLite's `synchronous` FULL, its default.
    Full,
    /// The last writes may be lost, but no write waits for the disk: `synchronous` NORMAL with a
    /// write-ahead log.
    Normal,
}

/// A connection of the host, with its current durability.
pub(super) struct HostConnection {
    sqlite: sqlite::Connection,
    durability: Durability,
    /// Whether this connection has been asked to overwrite what it deletes.
    overwrites: bool,
}

impl HostConnection {
    pub(super) fn open() -> Result<Self, DbError> {
        Ok(Self {
            sqlite: sqlite::Connection::open()?,
            durability: Durability::Full,
            overwrites: false,
        })
    }

    fn execute(&self, statement: &str, parameters: &[Value]) -> Result<Vec<sqlite::Row>, DbError> {
        Ok(self.sqlite.execute(statement, parameters)?)
    }
}

/// A connection for one caller. It returns to the pool when it is dropped.
pub struct Connection<'a> {
    pub(super) database: &'a Database,
    /// `None` while a statement runs and after an error: an aborted connection may hold an open
    /// transaction, so it is closed instead of reused.
    pub(super) inner: Option<HostConnection>,
    /// SQLite ignores a change of `synchronous` within a transaction, so none is requested.
    pub(super) is_in_transaction: bool,
    /// Used to prepare the database, so its statements must not do that first.
    pub(super) is_unprepared: bool,
}

impl<'a> Connection<'a> {
    pub(super) fn of(database: &'a Database, inner: HostConnection) -> Self {
        Self {
            database,
            inner: Some(inner),
            is_in_transaction: false,
            is_unprepared: false,
        }
    }

    pub(super) fn unprepared(database: &'a Database, inner: HostConnection) -> Self {
        let mut connection = Self::of(database, inner);
        connection.is_unprepared = true;
        connection
    }

    /// Runs a read statement and returns its rows. A failed statement closes the connection.
    pub fn query(
        &mut self,
        statement: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<Row>, DbError> {
        if self.has_to_learn(&self.database.is_current) {
            self.prepare()?;
        }
        self.execute(statement, parameters)
    }

    /// Like [`query`](Self::query), for at most one row.
    pub fn query_one(
        &mut self,
        statement: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> Result<Option<Row>, DbError> {
        let parameters: Vec<_> = parameters.into_iter().collect();
        if self.has_to_learn(&self.database.is_current) {
            if let Some(row) = read_if_current(self, statement, parameters.clone())? {
                self.database.is_current.store(true, Ordering::Relaxed);
                return Ok(row);
            }
            self.prepare()?;
        }
        Ok(self.execute(statement, parameters)?.into_iter().next())
    }

    /// Runs a write statement and returns its rows. The write is on disk when it returns, or when
    /// its transaction commits. A failed statement closes the connection, except for
    /// [`DbError::Unique`].
    pub fn write(
        &mut self,
        statement: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<Row>, DbError> {
        self.write_at(Durability::Full, statement, parameters)
    }

    /// Like [`write`](Self::write), for at most one row.
    pub fn write_one(
        &mut self,
        statement: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> Result<Option<Row>, DbError> {
        Ok(self.write(statement, parameters)?.into_iter().next())
    }

    /// Like [`write`](Self::write), but without waiting for the disk: for writes that can be
    /// repeated, such as a token rotation, because a power cut may undo the last of them. Within a
    /// transaction it is as durable as the rest.
    pub fn write_replayable(
        &mut self,
        statement: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<Row>, DbError> {
        self.write_at(Durability::Normal, statement, parameters)
    }

    /// Like [`write_replayable`](Self::write_replayable), for at most one row.
    pub fn write_replayable_one(
        &mut self,
        statement: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> Result<Option<Row>, DbError> {
        let rows = self.write_replayable(statement, parameters)?;
        Ok(rows.into_iter().next())
    }

    fn write_at(
        &mut self,
        durability: Durability,
        statement: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<Row>, DbError> {
        if self.has_to_learn(&self.database.is_prepared) {
            self.prepare()?;
        }
        if !self.is_in_transaction {
            self.set_durability(durability)?;
            self.overwrite_deleted()?;
        }
        self.database.has_written.store(true, Ordering::Relaxed);
        self.execute(statement, parameters)
    }

    /// Whether this fact about the database is not known yet.
    fn has_to_learn(&self, fact: &AtomicBool) -> bool {
        !self.is_unprepared && !fact.load(Ordering::Relaxed)
    }

    /// Prepares the database, with this connection: another would have to read the schema, too.
    fn prepare(&mut self) -> Result<(), DbError> {
        self.release();
        self.database.prepare()?;
        self.inner = Some(self.database.open()?);
        Ok(())
    }

    fn release(&mut self) {
        if let Some(inner) = self.inner.take() {
            self.database.idle().push(inner);
        }
    }

    /// Sets the durability of the following writes, if it differs.
    fn set_durability(&mut self, durability: Durability) -> Result<(), DbError> {
        let allows_normal = &self.database.allows_normal;
        let durability = if allows_normal.load(Ordering::Relaxed) {
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
            // Only NORMAL may be unsupported. FULL always follows a NORMAL that was accepted, and
            // going on without it would break the durability promise.
            Err(DbError::Unsupported(cause)) if durability == Durability::Normal => {
                tracing::info!(cause, "the database manages durability itself");
                self.database.leave_storage_to_server();
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        if let Some(inner) = &mut self.inner {
            inner.durability = durability;
        }
        Ok(())
    }

    /// Makes SQLite overwrite what this connection deletes or replaces with zeros. Otherwise the names of
    /// deleted users would stay in the free space of the file. A balanced page can keep a copy of a row, so
    /// it has to be on for every write and not for deletions alone.
    fn overwrite_deleted(&mut self) -> Result<(), DbError> {
        let is_done = self.inner.as_ref().is_none_or(|inner| inner.overwrites);
        if is_done || self.database.is_managed.load(Ordering::Relaxed) {
            return Ok(());
        }
        match self.execute("PRAGMA secure_delete = ON", []) {
            Ok(_) => {}
            Err(DbError::Unsupported(cause)) => {
                tracing::info!(cause, "the database manages its free space itself");
                self.database.leave_storage_to_server();
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        if let Some(inner) = &mut self.inner {
            inner.overwrites = true;
        }
        Ok(())
    }

    /// Runs a statement. It blocks the whole instance, but no other request: an instance handles
    /// one request at a time, or the work between requests.
    ///
    /// A libSQL server that has forgotten the connection has not run the statement, so it runs again
    /// on a new connection.
    pub(super) fn execute(
        &mut self,
        statement: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<Row>, DbError> {
        let closed = || DbError::Failed("an earlier error closed the connection".into());
        let mut inner = self.inner.take().ok_or_else(closed)?;
        let parameters: Vec<_> = parameters.into_iter().collect();
        let mut result = inner.execute(statement, &parameters);
        if matches!(result, Err(DbError::Expired(_))) && !self.is_in_transaction {
            inner = HostConnection::open()?;
            result = inner.execute(statement, &parameters);
        }
        if result.as_ref().err().is_none_or(DbError::is_recoverable) {
            self.inner = Some(inner);
        }
        Ok(result?.into_iter().map(Row::from).collect())
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        self.release();
    }
}
