//! Remembers when each unsafe setting was last logged.

use time::Duration;

use crate::db::{Connection, DbError};
use crate::platform::timestamp::Timestamp;

/// Minimum interval between two warnings about a setting, across all instances.
const INTERVAL: Duration = Duration::minutes(10);

/// Whether a warning about the variable is due. If so, records that the caller logs it now.
pub fn claim(
    connection: &mut Connection<'_>,
    variable: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    let statement = "SELECT logged_at FROM warnings WHERE variable = ?1";
    let row = connection.query_one(statement, [variable.into()])?;
    let logged_at = row.map(|row| row.unix_time(0)).transpose()?;
    if logged_at.is_some_and(|at| at <= now && now < at.plus(INTERVAL)) {
        return Ok(false);
    }
    let statement = "INSERT INTO warnings (variable, logged_at) VALUES (?1, ?2) \
                     ON CONFLICT (variable) DO UPDATE SET logged_at = excluded.logged_at";
    let parameters = [variable.into(), now.unix().into()];
    connection.write_replayable(statement, parameters)?;
    Ok(true)
}
