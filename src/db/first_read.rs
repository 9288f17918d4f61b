//! The first read of an instance, in one statement with the version of the schema.
//!
//! With WASI 0.2 every request starts an instance, and a statement of its own for the version would double the
//! round trips of a protected request to a libSQL server. On Spin 4.1 with SQLite it took a tenth of the time.

use super::migrations::is_current;
use super::{Connection, DbError, Row};
use crate::platform::sqlite::Value;

/// Runs a statement that returns at most one row. Returns `None` if the schema needs a migration, or if the statement
/// fails, as it may on an older schema.
pub(super) fn read_if_current(
    connection: &mut Connection<'_>,
    statement: &str,
    parameters: Vec<Value>,
) -> Result<Option<Option<Row>>, DbError> {
    // The 1 tells a row of the statement from none.
    let statement = format!(
        "SELECT user_version, found.* FROM pragma_user_version \
         LEFT JOIN (SELECT 1, * FROM ({statement})) AS found ON true"
    );
    let rows = match connection.execute(&statement, parameters) {
        Err(DbError::Failed(_)) => return Ok(None),
        rows => rows?,
    };
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    if !is_current(row.number(0)?) {
        return Ok(None);
    }
    let has_found = row.integer(1).is_ok();
    Ok(Some(has_found.then(|| row.without_first(2))))
}
