//! Counts the database pages that a connection has touched.
#![expect(
    unsafe_code,
    reason = "rusqlite does not offer sqlite3_db_status, so it is called directly"
)]

use std::ffi::c_int;

use rusqlite::{Connection, ffi};
use serde::Serialize;

/// Page accesses; a page counts once per access.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Pages {
    /// Reads, whether the page was cached or not.
    pub(crate) read: u64,
    /// Writes to the file or its log.
    pub(crate) written: u64,
}

/// Takes the counts since the last call for this connection.
pub(super) fn take_counts(connection: &Connection) -> Pages {
    let hit = take(connection, ffi::SQLITE_DBSTATUS_CACHE_HIT);
    let missed = take(connection, ffi::SQLITE_DBSTATUS_CACHE_MISS);
    Pages {
        read: hit + missed,
        written: take(connection, ffi::SQLITE_DBSTATUS_CACHE_WRITE),
    }
}

/// Reads and resets one of the connection's counters.
fn take(connection: &Connection, counter: c_int) -> u64 {
    let (mut current, mut highest) = (0, 0);
    // SAFETY: the handle is open while the connection is borrowed, and SQLite only writes to the
    // two integers.
    let status = unsafe {
        ffi::sqlite3_db_status(
            connection.handle(),
            counter,
            &raw mut current,
            &raw mut highest,
            1,
        )
    };
    assert_eq!(status, ffi::SQLITE_OK, "SQLite has this counter");
    u64::try_from(current).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_and_writing_touch_pages_and_are_counted_once() {
        let dir = tempfile::TempDir::new().unwrap();
        let connection = Connection::open(dir.path().join("file.db")).unwrap();
        connection
            .execute_batch("CREATE TABLE a (b); INSERT INTO a VALUES (1)")
            .unwrap();
        assert!(take_counts(&connection).written >= 2);
        let nothing = Pages {
            read: 0,
            written: 0,
        };
        assert_eq!(take_counts(&connection), nothing);
        connection
            .query_row("SELECT b FROM a", [], |row| row.get::<_, i64>(0))
            .unwrap();
        let reading = take_counts(&connection);
        assert!(reading.read >= 1 && reading.written == 0, "{reading:?}");
    }
}
