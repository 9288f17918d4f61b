//! Write transactions.

use std::ops::{Deref, DerefMut};

use super::{Connection, DbError};

/// A write transaction. It rolls back unless [`commit`](Self::commit) is called.
pub struct Transaction<'a>(Connection<'a>);

impl<'a> Connection<'a> {
    /// Begins a durable transaction. It takes the write lock at once, because a read that later
    /// becomes a write can fail without waiting for the lock.
    pub fn begin(mut self) -> Result<Transaction<'a>, DbError> {
        self.write("BEGIN IMMEDIATE", [])?;
        self.is_in_transaction = true;
        Ok(Transaction(self))
    }
}

impl<'a> Transaction<'a> {
    /// Commits the transaction durably.
    pub fn commit(mut self) -> Result<Connection<'a>, DbError> {
        self.write("COMMIT", [])?;
        Ok(Connection {
            database: self.0.database,
            inner: self.0.inner.take(),
            is_in_transaction: false,
            is_unprepared: self.0.is_unprepared,
        })
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        // Closing a connection rolls back its transaction.
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
