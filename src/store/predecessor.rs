//! What the predecessor left: refresh tokens in plain text, each good for one more use.

use uuid::Uuid;

use super::db::{Connection, DbError};
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;

/// Uses up a refresh token of the predecessor and says whose it was. The row stays, the token goes.
///
/// # Errors
/// The database failed.
pub async fn redeem(
    connection: &mut Connection<'_>,
    token: &Secret,
    now: Timestamp,
) -> Result<Option<Uuid>, DbError> {
    let statement = "UPDATE refresh_tokens SET refresh_token = 'void:' || id \
                     WHERE refresh_token = ?1 AND expires_at > ?2 RETURNING user_id";
    let parameters = [token.expose().into(), now.to_sql().into()];
    let row = connection.run_for_one(statement, parameters).await?;
    row.map(|row| row.uuid(0)).transpose()
}

/// Voids a refresh token of the predecessor.
///
/// # Errors
/// The database failed.
pub async fn void(connection: &mut Connection<'_>, token: &Secret) -> Result<(), DbError> {
    let statement =
        "UPDATE refresh_tokens SET refresh_token = 'void:' || id WHERE refresh_token = ?1";
    let parameters = [token.expose().into()];
    connection.run(statement, parameters).await.map(drop)
}

/// Voids all refresh tokens that the predecessor gave a user.
///
/// # Errors
/// The database failed.
pub async fn void_all(connection: &mut Connection<'_>, user: Uuid) -> Result<(), DbError> {
    let statement = "UPDATE refresh_tokens SET refresh_token = 'void:' || id WHERE user_id = ?1";
    let parameters = [user.to_string().into()];
    connection.run(statement, parameters).await.map(drop)
}

/// Voids the refresh tokens of the predecessor that have expired. They are JSON Web Tokens, which
/// begin with `ey`: what is void already is not even looked at.
///
/// # Errors
/// The database failed.
pub async fn void_expired(connection: &mut Connection<'_>, now: Timestamp) -> Result<(), DbError> {
    let statement = "UPDATE refresh_tokens SET refresh_token = 'void:' || id \
                     WHERE refresh_token >= 'ey' AND refresh_token < 'ez' AND expires_at <= ?1";
    let parameters = [now.to_sql().into()];
    connection.run(statement, parameters).await.map(drop)
}
