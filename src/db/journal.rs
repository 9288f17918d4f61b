//! The write-ahead log: readers go on during a write, and not every write waits for the disk.

use super::{Connection, Database, DbError};

/// What SQLite calls it.
const WRITE_AHEAD_LOG: &str = "wal";

/// Makes sure that the database has a write-ahead log, and says whether it has. The file remembers
/// it, but a copy that was made by `VACUUM INTO` does not have it.
pub(super) async fn ensure_write_ahead_log(database: &Database) -> Result<bool, DbError> {
    match try_to_ensure(database).await {
        Ok(true) => Ok(true),
        Ok(false) => {
            tracing::warn!("the database has no write-ahead log: every write waits for the disk");
            Ok(false)
        }
        Err(DbError::Unsupported(cause)) => {
            tracing::info!(cause, "the database keeps its own journal");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

async fn try_to_ensure(database: &Database) -> Result<bool, DbError> {
    let mut connection = database.open().await?;
    if has_write_ahead_log(&mut connection, "PRAGMA journal_mode")? {
        return Ok(true);
    }
    match has_write_ahead_log(&mut connection, "PRAGMA journal_mode = WAL") {
        Err(DbError::Locked) => {}
        decided => return decided,
    }
    // Another connection writes or sets it, too. A transaction waits for that, setting it does not.
    drop(database.open().await?.begin()?);
    let mut connection = database.open().await?;
    Ok(has_write_ahead_log(&mut connection, "PRAGMA journal_mode")?
        || has_write_ahead_log(&mut connection, "PRAGMA journal_mode = WAL")?)
}

/// Whether it has one once the statement is done, which answers with the mode that is in force.
fn has_write_ahead_log(connection: &mut Connection<'_>, statement: &str) -> Result<bool, DbError> {
    let row = connection.query_one(statement, [])?;
    // No row comes where the host has the wish ignored.
    row.map_or(Ok(false), |row| Ok(row.text(0)? == WRITE_AHEAD_LOG))
}
