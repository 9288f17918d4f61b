//! When the log last warned of each setting that is unsafe in production.

use time::Duration;

use crate::db::{Connection, DbError};
use crate::platform::timestamp::Timestamp;

/// How long one warning is enough for all instances.
const INTERVAL: Duration = Duration::minutes(10);

/// Whether it is time to warn of a variable. If so, it is noted that the caller does.
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
