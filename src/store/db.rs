//! The database: lends connections, runs statements, and tells its errors apart.

mod error;
mod row;

use std::ops::{Deref, DerefMut};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

pub use spin_sdk::sqlite::Value;
use spin_sdk::sqlite::wit::sqlite;

pub use self::error::DbError;
pub use self::row::Row;
use super::migrations;

/// What a power cut may do to what is written. A crash of the service loses nothing either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writes {
    /// Nothing is written.
    None,
    /// The last moments' writes may be lost: for what can be done again, such as a rotation. It
    /// spares the wait for the disk (SQLite's `synchronous` NORMAL with a write-ahead log).
    Replayable,
    /// Nothing that was acknowledged is lost (`synchronous` FULL): for what somebody was told is
    /// done, such as a logout.
    Durable,
}

/// The database of this instance: opened when first needed, migrated before first use.
#[derive(Default)]
pub struct Database {
    idle: Mutex<Vec<Native>>,
    is_migrated: AtomicBool,
    /// Whether it decides itself how durable writes are, as libSQL does.
    is_self_willed: AtomicBool,
}

/// A connection of the host's, and how it writes.
struct Native {
    connection: sqlite::Connection,
    writes: Writes,
}

/// A connection that nobody else uses meanwhile; it goes back when it is dropped.
pub struct Connection<'a> {
    database: &'a Database,
    /// Empty while a statement runs and after an error: a connection that was given up midway
    /// may hold a transaction or worse, so it is closed instead of lent again.
    inner: Option<Native>,
}

/// A write transaction; dropped without [`commit`](Self::commit) it never happened.
pub struct Transaction<'a>(Connection<'a>);

impl Database {
    /// A connection to the migrated database, for these writes.
    ///
    /// # Errors
    /// The database cannot be opened or migrated.
    pub async fn connect(&self, writes: Writes) -> Result<Connection<'_>, DbError> {
        if !self.is_migrated.load(Ordering::Relaxed) {
            migrations::run(self).await?;
            self.is_migrated.store(true, Ordering::Relaxed);
        }
        let mut connection = self.open().await?;
        connection.switch_to(writes).await?;
        Ok(connection)
    }

    /// A connection to the database as it is.
    pub(super) async fn open(&self) -> Result<Connection<'_>, DbError> {
        let idle = self.idle().pop();
        let inner = match idle {
            Some(connection) => connection,
            None => Native {
                connection: sqlite::Connection::open_async("default".into()).await?,
                // SQLite's default.
                writes: Writes::Durable,
            },
        };
        Ok(Connection {
            database: self,
            inner: Some(inner),
        })
    }

    /// What was switched before the database refused can never be switched back.
    fn lend_again(&self, native: Native) {
        let is_as_opened = native.writes == Writes::Durable;
        if is_as_opened || !self.is_self_willed.load(Ordering::Relaxed) {
            self.idle().push(native);
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Native>> {
        // Nothing can panic while it is held, and if it did, a list of connections stays one.
        self.idle
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl<'a> Connection<'a> {
    /// Makes it write like this from now on.
    ///
    /// # Errors
    /// The database cannot be opened again, after it refused.
    pub async fn switch_to(&mut self, writes: Writes) -> Result<(), DbError> {
        let statement = match writes {
            Writes::None => return Ok(()),
            Writes::Replayable => "PRAGMA synchronous = NORMAL",
            Writes::Durable => "PRAGMA synchronous = FULL",
        };
        let is_as_wished = |native: &Native| native.writes == writes;
        let is_self_willed = &self.database.is_self_willed;
        if self.inner.as_ref().is_some_and(is_as_wished) || is_self_willed.load(Ordering::Relaxed) {
            return Ok(());
        }
        if let Err(error) = self.run(statement, []).await {
            tracing::info!(cause = %error, "the database keeps its own durability");
            is_self_willed.store(true, Ordering::Relaxed);
            self.database.idle().clear();
            self.inner = self.database.open().await?.inner.take();
        } else if let Some(native) = &mut self.inner {
            native.writes = writes;
        }
        Ok(())
    }

    /// Runs one statement and returns all its rows. Of a text with several statements the database
    /// runs only the first.
    ///
    /// It is one call of the host, for which the whole instance stands still, also while it waits
    /// for somebody else's lock; the call that lets the instance go on takes five. Nobody else
    /// waits with it: an instance has one request at a time, or the work between requests.
    ///
    /// # Errors
    /// The statement fails. The connection is lost with it, but for [`DbError::Unique`].
    pub async fn run(
        &mut self,
        statement: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<Row>, DbError> {
        let lost = || DbError::Failed("the connection was lost to an earlier error".into());
        let native = self.inner.take().ok_or_else(lost)?;
        let parameters: Vec<_> = parameters.into_iter().collect();
        let result = native.connection.execute(statement, &parameters);
        let result = result.map_err(DbError::from);
        if matches!(result, Ok(_) | Err(DbError::Unique(_))) {
            self.inner = Some(native);
        }
        Ok(result?.rows.into_iter().map(Row::from).collect())
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

    /// Begins a transaction that writes durably. It takes the lock at once: a read that becomes a
    /// write midway can fail without waiting for anybody.
    ///
    /// # Errors
    /// The database stays locked by somebody else.
    pub async fn begin(mut self) -> Result<Transaction<'a>, DbError> {
        self.switch_to(Writes::Durable).await?;
        self.run("BEGIN IMMEDIATE", []).await?;
        Ok(Transaction(self))
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        if let Some(native) = self.inner.take() {
            self.database.lend_again(native);
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
