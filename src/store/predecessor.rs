//! What the predecessor left: access tokens without a session, and refresh tokens in plain text.

use uuid::Uuid;

use super::db::{Connection, DbError};
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;

/// Whether an access token of the predecessor may still speak for a user: until the first time that
/// the password is reset here. It names no session that could have ended.
///
/// # Errors
/// The database failed.
pub fn may_speak_for(connection: &mut Connection<'_>, user: Uuid) -> Result<bool, DbError> {
    let statement = "SELECT 1 FROM users WHERE id = ?1 AND NOT EXISTS ( \
                     SELECT 1 FROM password_reset_tokens \
                     WHERE user_id = ?1 AND is_used = 1 AND token NOT LIKE 'void:%')";
    let row = connection.query_one(statement, [user.to_string().into()]);
    Ok(row?.is_some())
}

/// Uses up a refresh token of the predecessor and says whose it was. The row stays, the token
/// goes, and what takes its place is no token.
///
/// # Errors
/// The database failed.
pub fn redeem(
    connection: &mut Connection<'_>,
    token: &Secret,
    now: Timestamp,
) -> Result<Option<Uuid>, DbError> {
    let statement = "UPDATE refresh_tokens SET refresh_token = 'void:' || id \
                     WHERE refresh_token = ?1 AND refresh_token NOT LIKE 'void:%' \
                     AND expires_at > ?2 RETURNING user_id";
    let parameters = [token.expose().into(), now.to_sql().into()];
    let row = connection.write_one(statement, parameters)?;
    row.map(|row| row.uuid(0)).transpose()
}

/// Voids a refresh token of the predecessor.
///
/// # Errors
/// The database failed.
pub fn void(connection: &mut Connection<'_>, token: &Secret) -> Result<(), DbError> {
    let statement =
        "UPDATE refresh_tokens SET refresh_token = 'void:' || id WHERE refresh_token = ?1";
    let parameters = [token.expose().into()];
    connection.write(statement, parameters).map(drop)
}

/// Voids all refresh tokens that the predecessor gave a user.
///
/// # Errors
/// The database failed.
pub fn void_all(connection: &mut Connection<'_>, user: Uuid) -> Result<(), DbError> {
    let statement = "UPDATE refresh_tokens SET refresh_token = 'void:' || id WHERE user_id = ?1";
    let parameters = [user.to_string().into()];
    connection.write(statement, parameters).map(drop)
}

/// Voids the refresh tokens of the predecessor that have expired. They are JSON Web Tokens, which
/// begin with `ey`: what is void already is not even looked at.
///
/// # Errors
/// The database failed.
pub fn void_expired(connection: &mut Connection<'_>, now: Timestamp) -> Result<(), DbError> {
    let statement = "UPDATE refresh_tokens SET refresh_token = 'void:' || id \
                     WHERE refresh_token >= 'ey' AND refresh_token < 'ez' AND expires_at <= ?1";
    let parameters = [now.to_sql().into()];
    connection.write_replayable(statement, parameters).map(drop)
}
