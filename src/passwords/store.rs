//! SQL of password reset tokens, which are stored as hashes, and of hashes from other services.

use std::time::Duration;

use uuid::Uuid;

use super::reset_token::HashedToken;
use crate::db::{Connection, DbError};
use crate::platform::timestamp::Timestamp;
use crate::users::store::LoginNames;

/// Replaces the unused reset tokens of the user with this address by a new one. For an unknown or
/// disabled user it does the same work without an effect.
pub fn replace(
    connection: &mut Connection<'_>,
    id: Uuid,
    email: &str,
    token: &HashedToken,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = "DELETE FROM password_reset_tokens \
                     WHERE user_id = (SELECT id FROM users WHERE email = ?1 \
                     AND disabled_at IS NULL) AND is_used = 0";
    connection.write(statement, [email.into()])?;
    let statement = "INSERT INTO password_reset_tokens (id, user_id, token, expires_at, is_used, \
                     created_at) SELECT ?1, id, ?3, ?4, 0, ?5 FROM users \
                     WHERE email = ?2 AND disabled_at IS NULL";
    let parameters = [
        id.to_string().into(),
        email.into(),
        token.as_str().into(),
        expires_at.to_sql().into(),
        now.to_sql().into(),
    ];
    connection.write(statement, parameters).map(drop)
}

/// Deletes the unused reset tokens of a user.
pub fn delete_unused(connection: &mut Connection<'_>, user: Uuid) -> Result<(), DbError> {
    let statement = "DELETE FROM password_reset_tokens WHERE user_id = ?1 AND is_used = 0";
    let parameters = [user.to_string().into()];
    connection.write(statement, parameters).map(drop)
}

/// The id of a valid token, and the names of its user. Looked up before the costly hash of the new password.
/// `None` if the token is unknown, used or expired, or its user is disabled.
pub fn find_names(
    connection: &mut Connection<'_>,
    token: &HashedToken,
    now: Timestamp,
) -> Result<Option<(Uuid, LoginNames)>, DbError> {
    let statement = "SELECT email, username, password_reset_tokens.id FROM password_reset_tokens \
                     JOIN users ON users.id = user_id \
                     WHERE token = ?1 AND is_used = 0 AND expires_at > ?2 AND disabled_at IS NULL";
    let parameters = [token.as_str().into(), now.to_sql().into()];
    let row = connection.query_one(statement, parameters)?;
    row.map(|row| Ok((row.uuid(2)?, LoginNames::read(&row)?)))
        .transpose()
}

/// Marks a token as used and returns its user, in one statement so that only one of several
/// concurrent requests succeeds. `None` if the token is unknown, used or expired, or its user is
/// disabled.
pub fn consume(
    connection: &mut Connection<'_>,
    token: &HashedToken,
    now: Timestamp,
) -> Result<Option<Uuid>, DbError> {
    let statement = "UPDATE password_reset_tokens SET is_used = 1 \
                     WHERE token = ?1 AND is_used = 0 AND expires_at > ?2 AND EXISTS ( \
                     SELECT 1 FROM users WHERE id = user_id AND disabled_at IS NULL) \
                     RETURNING user_id";
    let parameters = [token.as_str().into(), now.to_sql().into()];
    let row = connection.write_one(statement, parameters)?;
    row.map(|row| row.uuid(0)).transpose()
}

/// How long checking the slowest hash of another service takes. Zero if there never was one.
pub fn slowest_check(connection: &mut Connection<'_>) -> Result<Duration, DbError> {
    let statement = "SELECT milliseconds FROM slowest_hash WHERE id = 1";
    let row = connection.query_one(statement, [])?;
    let milliseconds = row.map_or(Ok(0), |row| row.number(0))?;
    Ok(Duration::from_millis(milliseconds))
}

/// Records that there is a hash whose check takes this time. Call it in the transaction that stores it.
pub fn record_check(connection: &mut Connection<'_>, time: Duration) -> Result<(), DbError> {
    let statement = "INSERT INTO slowest_hash (id, milliseconds) VALUES (1, ?1) \
                     ON CONFLICT (id) DO UPDATE SET milliseconds = excluded.milliseconds \
                     WHERE excluded.milliseconds > milliseconds";
    let milliseconds = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    connection.write(statement, [milliseconds.into()]).map(drop)
}
