//! The database: migrated before its first use, with a pool of connections.

mod connection;
mod error;
mod first_read;
mod journal;
mod migrations;
mod row;
mod transaction;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use self::connection::Connection;
use self::connection::HostConnection;
pub use self::error::DbError;
pub use self::row::Row;

/// A migration step that SQL alone cannot express.
pub type MigrationStep = fn(&mut Connection<'_>) -> Result<(), DbError>;

pub struct Database {
    idle: Mutex<Vec<HostConnection>>,
    /// Whether the schema is known to need no migration: enough for reads.
    is_current: AtomicBool,
    /// Whether the journal is known, too.
    is_prepared: AtomicBool,
    /// Whether `synchronous` NORMAL may be used: only with a write-ahead log, and not on libSQL,
    /// which manages durability itself.
    allows_normal: AtomicBool,
    /// A libSQL server manages its storage itself, and refuses all settings of it.
    is_managed: AtomicBool,
    has_written: AtomicBool,
    normalize_addresses: MigrationStep,
}

impl Database {
    /// `normalize_addresses` is the migration step for stored email addresses.
    pub fn new(normalize_addresses: MigrationStep) -> Self {
        Self {
            idle: Mutex::default(),
            is_current: AtomicBool::default(),
            is_prepared: AtomicBool::default(),
            allows_normal: AtomicBool::default(),
            is_managed: AtomicBool::default(),
            has_written: AtomicBool::default(),
            normalize_addresses,
        }
    }

    /// Returns a connection. Its first statement migrates the database if necessary.
    ///
    /// # Errors
    /// The database cannot be opened.
    pub async fn connect(&self) -> Result<Connection<'_>, DbError> {
        Ok(Connection::of(self, self.open()?))
    }

    /// Migrates the database and enables its write-ahead log, if necessary. After an error the next call tries
    /// again.
    fn prepare(&self) -> Result<(), DbError> {
        let found = migrations::find_state(&mut self.connect_unprepared()?)?;
        let has_log = found.has_log || journal::enable_write_ahead_log(self)?;
        self.allows_normal.store(has_log, Ordering::Relaxed);
        if !found.is_current() {
            migrations::run(self, self.normalize_addresses)?;
        }
        self.is_current.store(true, Ordering::Relaxed);
        self.is_prepared.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Returns a connection for the preparation itself.
    fn connect_unprepared(&self) -> Result<Connection<'_>, DbError> {
        Ok(Connection::unprepared(self, self.open()?))
    }

    fn open(&self) -> Result<HostConnection, DbError> {
        let idle = self.idle().pop();
        idle.map_or_else(HostConnection::open, Ok)
    }

    /// Returns whether this instance has written since the last call.
    pub fn take_written_flag(&self) -> bool {
        self.has_written.swap(false, Ordering::Relaxed)
    }

    /// Remembers that the database has refused a setting of its storage.
    fn leave_storage_to_server(&self) {
        self.allows_normal.store(false, Ordering::Relaxed);
        self.is_managed.store(true, Ordering::Relaxed);
    }

    fn idle(&self) -> MutexGuard<'_, Vec<HostConnection>> {
        // Nothing panics while the lock is held, and a list of connections cannot be left
        // inconsistent.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
