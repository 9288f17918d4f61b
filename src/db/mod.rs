//! The database: opened and migrated at first use, with a pool of connections.

mod connection;
mod error;
mod journal;
mod migrations;
mod row;

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
    is_ready: AtomicBool,
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
            is_ready: AtomicBool::default(),
            allows_normal: AtomicBool::default(),
            is_managed: AtomicBool::default(),
            has_written: AtomicBool::default(),
            normalize_addresses,
        }
    }

    /// Returns a connection to the migrated database.
    ///
    /// # Errors
    /// The database cannot be opened or migrated. The next call tries again.
    pub async fn connect(&self) -> Result<Connection<'_>, DbError> {
        if !self.is_ready.load(Ordering::Relaxed) {
            let found = migrations::find_state(&mut self.open().await?)?;
            let has_log = found.has_log || journal::enable_write_ahead_log(self).await?;
            self.allows_normal.store(has_log, Ordering::Relaxed);
            if !found.is_current() {
                migrations::run(self, self.normalize_addresses).await?;
            }
            self.is_ready.store(true, Ordering::Relaxed);
        }
        self.open().await
    }

    /// Returns whether this instance has written since the last call.
    pub fn take_written_flag(&self) -> bool {
        self.has_written.swap(false, Ordering::Relaxed)
    }

    /// Returns a connection without migrating the database.
    pub(super) async fn open(&self) -> Result<Connection<'_>, DbError> {
        let idle = self.idle().pop();
        let inner = match idle {
            Some(connection) => connection,
            None => HostConnection::open()?,
        };
        Ok(Connection::of(self, inner))
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
