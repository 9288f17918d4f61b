//! The write-ahead log (WAL): reads continue during a write, and not every write waits for the
//! disk.

use super::{Connection, Database, DbError};

/// SQLite's name of the journal mode.
pub(super) const WRITE_AHEAD_LOG: &str = "wal";

/// Enables the write-ahead log and returns whether the database has one now. The database file
/// remembers the mode, but a copy made with `VACUUM INTO` loses it.
pub(super) fn enable_write_ahead_log(database: &Database) -> Result<bool, DbError> {
    match try_to_enable(database) {
        Ok(true) => Ok(true),
        Ok(false) => {
            tracing::warn!("the database has no write-ahead log: every write waits for the disk");
            Ok(false)
        }
        Err(DbError::Unsupported(cause)) => {
            tracing::info!(cause, "the database manages its journal itself");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

fn try_to_enable(database: &Database) -> Result<bool, DbError> {
    let mut connection = database.connect_unprepared()?;
    match has_write_ahead_log(&mut connection, "PRAGMA journal_mode = WAL") {
        Err(DbError::Locked) => {}
        decided => return decided,
    }
    // Another connection is writing or enabling it. A transaction waits for the lock, but the
    // pragma does not.
    drop(database.connect_unprepared()?.begin()?);
    let mut connection = database.connect_unprepared()?;
    Ok(has_write_ahead_log(&mut connection, "PRAGMA journal_mode")?
        || has_write_ahead_log(&mut connection, "PRAGMA journal_mode = WAL")?)
}

/// Runs a statement that returns the current mode, and compares it.
fn has_write_ahead_log(connection: &mut Connection<'_>, statement: &str) -> Result<bool, DbError> {
    let row = connection.query_one(statement, [])?;
    // A host that ignores the pragma returns no row.
    row.map_or(Ok(false), |row| Ok(row.text(0)? == WRITE_AHEAD_LOG))
}
