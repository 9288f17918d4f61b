//! SQL of disabled users.

use uuid::Uuid;

use crate::db::{Connection, DbError};
use crate::platform::timestamp::Timestamp;

/// Disables a user, or changes the reason and the end. `false` if the user is gone.
pub fn disable(
    connection: &mut Connection<'_>,
    user: Uuid,
    reason: &str,
    until: Option<Timestamp>,
    now: Timestamp,
) -> Result<bool, DbError> {
    let statement = "UPDATE users SET disabled_at = coalesce(disabled_at, ?2), \
                     disabled_reason = ?3, disabled_until = nullif(?4, 0) WHERE id = ?1 \
                     RETURNING id";
    let parameters = [
        user.to_string().into(),
        now.unix().into(),
        reason.into(),
        until.map_or(0, Timestamp::unix).into(),
    ];
    Ok(connection.write_one(statement, parameters)?.is_some())
}

/// Enables a user. `false` if the user is gone, or was not disabled.
pub fn enable(connection: &mut Connection<'_>, user: Uuid) -> Result<bool, DbError> {
    let statement = "UPDATE users SET disabled_at = NULL, disabled_reason = NULL, \
                     disabled_until = NULL WHERE id = ?1 AND disabled_at IS NOT NULL RETURNING id";
    let row = connection.write_one(statement, [user.to_string().into()])?;
    Ok(row.is_some())
}

/// Enables the users whose disabling has ended. A trigger records the events.
pub fn enable_due(connection: &mut Connection<'_>, now: Timestamp) -> Result<(), DbError> {
    let statement = "UPDATE users SET disabled_at = NULL, disabled_reason = NULL, \
                     disabled_until = NULL WHERE disabled_until <= ?1";
    connection.write(statement, [now.unix().into()]).map(drop)
}
