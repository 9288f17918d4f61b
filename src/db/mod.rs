//! The database: opened when first needed, migrated, and lent to one caller at a time.

mod connection;
mod error;
mod journal;
mod migrations;
mod row;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use self::connection::{Connection, Transaction};
use self::connection::{Durability, HostConnection};
pub use self::error::DbError;
pub use self::row::Row;
use crate::platform::sqlite;

/// A step of a migration that SQL alone cannot do.
pub type Step = fn(&mut Connection<'_>) -> Result<(), DbError>;

/// The database of this instance: opened when first needed, made ready before first use.
pub struct Database {
    idle: Mutex<Vec<HostConnection>>,
    is_ready: AtomicBool,
    /// Whether a write need not wait for the disk: only with a write-ahead log, and not where the
    /// database decides that itself, as libSQL does.
    may_write_normal: AtomicBool,
    normalize_addresses: Step,
}

impl Database {
    /// The database, with what a migration does to the email addresses that are in it already.
    pub fn new(normalize_addresses: Step) -> Self {
        Self {
            idle: Mutex::default(),
            is_ready: AtomicBool::default(),
            may_write_normal: AtomicBool::default(),
            normalize_addresses,
        }
    }

    /// A connection to the migrated database.
    ///
    /// # Errors
    /// The database cannot be opened or made ready; the next call tries again.
    pub async fn connect(&self) -> Result<Connection<'_>, DbError> {
        if !self.is_ready.load(Ordering::Relaxed) {
            let has_log = journal::ensure_write_ahead_log(self).await?;
            self.may_write_normal.store(has_log, Ordering::Relaxed);
            migrations::run(self, self.normalize_addresses).await?;
            self.is_ready.store(true, Ordering::Relaxed);
        }
        self.open().await
    }

    /// A connection to the database as it is.
    pub(super) async fn open(&self) -> Result<Connection<'_>, DbError> {
        let idle = self.idle().pop();
        let inner = match idle {
            Some(connection) => connection,
            None => HostConnection {
                sqlite: sqlite::Connection::open().await?,
                durability: Durability::Full,
            },
        };
        Ok(Connection::of(self, inner))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<HostConnection>> {
        // Nothing can panic while it is held, and if it did, a list of connections stays one.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
