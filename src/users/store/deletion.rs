//! SQL of users who are to be deleted.

use uuid::Uuid;

use super::{Credentials, LoginNames};
use crate::db::{Connection, DbError};
use crate::platform::timestamp::Timestamp;

/// Sets when a user is deleted. `false` if the password has changed since `user` was read, or the user is
/// disabled or gone.
pub fn schedule(
    connection: &mut Connection<'_>,
    user: &Credentials,
    deletes_at: Timestamp,
) -> Result<bool, DbError> {
    let statement = "UPDATE users SET deletes_at = ?3 \
                     WHERE id = ?1 AND hashed_password = ?2 AND disabled_at IS NULL RETURNING id";
    let parameters = [
        user.id.to_string().into(),
        user.hashed_password.as_str().into(),
        deletes_at.unix().into(),
    ];
    Ok(connection.write_one(statement, parameters)?.is_some())
}

/// Keeps a user who was to be deleted. A trigger records the event.
pub fn cancel(connection: &mut Connection<'_>, user: Uuid) -> Result<(), DbError> {
    let statement = "UPDATE users SET deletes_at = NULL WHERE id = ?1 AND deletes_at IS NOT NULL";
    let parameters = [user.to_string().into()];
    connection.write(statement, parameters).map(drop)
}

/// A user whose time has come.
pub fn find_due(connection: &mut Connection<'_>, now: Timestamp) -> Result<Option<Uuid>, DbError> {
    let statement = "SELECT id FROM users WHERE deletes_at <= ?1 ORDER BY deletes_at LIMIT 1";
    let row = connection.query_one(statement, [now.unix().into()])?;
    row.map(|row| row.uuid(0)).transpose()
}

/// Deletes the row of a user who is due at `now`. Delete everything that refers to it first: not every
/// database enforces that. `None` if the user is gone or stays.
pub fn delete_due(
    connection: &mut Connection<'_>,
    user: Uuid,
    now: Timestamp,
) -> Result<Option<LoginNames>, DbError> {
    let statement = "DELETE FROM users WHERE id = ?1 AND deletes_at <= ?2 \
                     RETURNING email, username";
    let parameters = [user.to_string().into(), now.unix().into()];
    let row = connection.write_one(statement, parameters)?;
    row.as_ref().map(LoginNames::read).transpose()
}

/// A user who registered before `since` and had to verify the address, but did not.
pub fn find_unverified(
    connection: &mut Connection<'_>,
    since: Timestamp,
) -> Result<Option<Uuid>, DbError> {
    let statement = "SELECT id FROM users WHERE must_verify = 1 AND created_at < ?1 LIMIT 1";
    let row = connection.query_one(statement, [since.to_sql().into()])?;
    row.map(|row| row.uuid(0)).transpose()
}

/// Deletes the row of a user who never verified the address, as [`delete_due`] does.
pub fn delete_unverified(
    connection: &mut Connection<'_>,
    user: Uuid,
) -> Result<Option<LoginNames>, DbError> {
    let statement = "DELETE FROM users WHERE id = ?1 AND must_verify = 1 RETURNING email, username";
    let row = connection.write_one(statement, [user.to_string().into()])?;
    row.as_ref().map(LoginNames::read).transpose()
}
