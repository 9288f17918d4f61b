//! What the predecessor left: access tokens without a session, and refresh tokens in plain text.

pub mod addresses;

use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::crypto::digest::digest;
use crate::db::{Connection, DbError};
use crate::platform::timestamp::Timestamp;

/// The longest refresh token of the predecessor that is looked for, in bytes: it wrote some 200.
const MAX_TOKEN_BYTES: usize = 4096;
/// How each of them begins, as every JSON Web Token does.
const TOKEN_PREFIX: &str = "ey";

/// What became of a refresh token of the predecessor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenState {
    /// Nothing yet.
    Unused,
    /// A session, which may have ended.
    Became(Uuid),
}

/// Whether the data of a predecessor was taken over.
pub fn is_adopted(connection: &mut Connection<'_>) -> Result<bool, DbError> {
    let row = connection.query_one("SELECT 1 FROM adoption WHERE id = 1", [])?;
    Ok(row.is_some())
}

/// Whether an access token of the predecessor that was issued by `issued_by` may still speak for a
/// user: only where a predecessor's data was taken over, and not before that. It names no session
/// that could have ended, so it ends with the first logout here of any session that the user had
/// there, and with the first reset of the password.
pub fn may_speak_for(
    connection: &mut Connection<'_>,
    user: Uuid,
    issued_by: Timestamp,
) -> Result<bool, DbError> {
    let statement = "SELECT 1 FROM users WHERE id = ?1 AND disabled_at IS NULL \
                     AND EXISTS (SELECT 1 FROM adoption WHERE id = 1 AND adopted_at >= ?2) \
                     AND NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE user_id = ?1 \
                     AND session_id IS NOT NULL \
                     AND NOT EXISTS (SELECT 1 FROM sessions WHERE id = session_id)) \
                     AND NOT EXISTS (SELECT 1 FROM password_reset_tokens \
                     WHERE user_id = ?1 AND is_used = 1 AND token NOT LIKE 'void:%')";
    let parameters = [user.to_string().into(), issued_by.unix().into()];
    let row = connection.query_one(statement, parameters)?;
    Ok(row.is_some())
}

/// Looks for a refresh token of the predecessor. `None` if it is none, or expired, or logged out.
pub fn find(
    connection: &mut Connection<'_>,
    token: &SecretString,
    now: Timestamp,
) -> Result<Option<TokenState>, DbError> {
    let text = token.expose_secret();
    if text.len() > MAX_TOKEN_BYTES || !text.starts_with(TOKEN_PREFIX) {
        return Ok(None);
    }
    let statement = "SELECT session_id IS NOT NULL, session_id FROM refresh_tokens \
                     WHERE refresh_token = ?1 AND expires_at > ?2 OR used_digest = ?3";
    let parameters = [text.into(), now.to_sql().into(), digest(text).into()];
    let row = connection.query_one(statement, parameters)?;
    row.map(|row| {
        Ok(match row.integer(0)? {
            0 => TokenState::Unused,
            _ => TokenState::Became(row.uuid(1)?),
        })
    })
    .transpose()
}

/// Uses up a refresh token of the predecessor, which becomes this session, and says whose it was.
/// The row stays, the token goes, and what takes its place is no token. `None` if it was used
/// meanwhile.
pub fn redeem(
    connection: &mut Connection<'_>,
    token: &SecretString,
    session: Uuid,
    now: Timestamp,
) -> Result<Option<Uuid>, DbError> {
    let statement = "UPDATE refresh_tokens SET refresh_token = 'void:' || id, used_digest = ?3, \
                     session_id = ?4 WHERE refresh_token = ?1 AND expires_at > ?2 \
                     RETURNING user_id";
    let parameters = [
        token.expose_secret().into(),
        now.to_sql().into(),
        digest(token.expose_secret()).into(),
        session.to_string().into(),
    ];
    let row = connection.write_one(statement, parameters)?;
    row.map(|row| row.uuid(0)).transpose()
}

/// Logs an unused refresh token of the predecessor out, and with it the access tokens that the
/// predecessor gave its user. `false` if it was used meanwhile.
pub fn log_out(connection: &mut Connection<'_>, token: &SecretString) -> Result<bool, DbError> {
    let statement = "UPDATE refresh_tokens SET refresh_token = 'void:' || id, session_id = '' \
                     WHERE refresh_token = ?1 RETURNING id";
    let parameters = [token.expose_secret().into()];
    let row = connection.write_one(statement, parameters)?;
    Ok(row.is_some())
}

/// Voids all refresh tokens that the predecessor gave a user.
pub fn void_all(connection: &mut Connection<'_>, user: Uuid) -> Result<(), DbError> {
    let statement = "UPDATE refresh_tokens SET refresh_token = 'void:' || id WHERE user_id = ?1";
    let parameters = [user.to_string().into()];
    connection.write(statement, parameters).map(drop)
}

/// Voids the refresh tokens of the predecessor that have expired. They are JSON Web Tokens, which
/// begin with `ey`: what is void already is not even looked at.
pub fn void_expired(connection: &mut Connection<'_>, now: Timestamp) -> Result<(), DbError> {
    let statement = "UPDATE refresh_tokens SET refresh_token = 'void:' || id \
                     WHERE refresh_token >= 'ey' AND refresh_token < 'ez' AND expires_at <= ?1";
    let parameters = [now.to_sql().into()];
    connection.write_replayable(statement, parameters).map(drop)
}
