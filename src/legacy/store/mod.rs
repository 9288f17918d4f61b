//! The legacy service's tokens: access tokens without a session, and refresh tokens in plain text.

pub mod addresses;

use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::crypto::digest::digest;
use crate::db::{Connection, DbError};
use crate::platform::timestamp::Timestamp;

/// Maximum length of a legacy refresh token, in bytes. The legacy service issued about 200.
const MAX_TOKEN_BYTES: usize = 4096;
/// Prefix of every JSON Web Token.
const TOKEN_PREFIX: &str = "ey";

/// State of a legacy refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenState {
    Unused,
    /// Exchanged for this session, which may have ended.
    Exchanged(Uuid),
}

/// Whether a legacy access token, issued at `issued_by` or earlier, is still valid for its user.
/// Only tokens from before the takeover are. They have no session that could end, so they become
/// invalid with the first logout of any of the user's legacy sessions, and with the first password
/// reset.
pub fn accepts_access_token(
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

/// Finds a legacy refresh token. `None` if it is unknown, expired or logged out.
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
        Ok(if row.integer(0)? == 0 {
            TokenState::Unused
        } else {
            TokenState::Exchanged(row.uuid(1)?)
        })
    })
    .transpose()
}

/// Exchanges a legacy refresh token for the session `session`, and returns its user. The row stays,
/// but the token is replaced by a placeholder. `None` if the token was used in the meantime.
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

/// Logs out an unused legacy refresh token, together with the user's legacy access tokens. `false`
/// if it was used in the meantime.
pub fn log_out(connection: &mut Connection<'_>, token: &SecretString) -> Result<bool, DbError> {
    let statement = "UPDATE refresh_tokens SET refresh_token = 'void:' || id, session_id = '' \
                     WHERE refresh_token = ?1 RETURNING id";
    let parameters = [token.expose_secret().into()];
    let row = connection.write_one(statement, parameters)?;
    Ok(row.is_some())
}

/// Voids all legacy tokens of a user. A refresh token without a session counts as logged out, which makes
/// the access tokens invalid.
pub fn void_all(connection: &mut Connection<'_>, user: Uuid) -> Result<(), DbError> {
    let statement = "UPDATE refresh_tokens SET refresh_token = 'void:' || id, \
                     session_id = coalesce(session_id, '') WHERE user_id = ?1";
    let parameters = [user.to_string().into()];
    connection.write(statement, parameters).map(drop)
}

/// Voids the expired legacy refresh tokens. The range on `ey`, the prefix of every JSON Web Token,
/// skips void rows through the index.
pub fn void_expired(connection: &mut Connection<'_>, now: Timestamp) -> Result<(), DbError> {
    let statement = "UPDATE refresh_tokens SET refresh_token = 'void:' || id \
                     WHERE refresh_token >= 'ey' AND refresh_token < 'ez' AND expires_at <= ?1";
    let parameters = [now.to_sql().into()];
    connection.write_replayable(statement, parameters).map(drop)
}
