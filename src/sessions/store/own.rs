//! SQL of the sessions of one user, for the user.

use uuid::Uuid;

use super::Grant;
use crate::db::{Connection, DbError, Row};
use crate::platform::timestamp::Timestamp;
use crate::sessions::refresh_token::{MAX_PER_USER, SessionLifetime};
use crate::users::store::Credentials;

/// A session, as its user recognises it.
pub struct OwnSession {
    pub id: Uuid,
    pub created_at: Timestamp,
    /// The last refresh, or the login.
    pub last_used_at: Timestamp,
    pub user_agent: Option<String>,
    pub ip_prefix: Option<String>,
    /// How it began.
    pub method: String,
}

/// The sessions of a user that have not expired, the newest first.
pub fn list(
    connection: &mut Connection<'_>,
    user: Uuid,
    now: Timestamp,
) -> Result<Vec<OwnSession>, DbError> {
    let statement = "SELECT id, created_at, rotated_at, user_agent, ip_prefix, method FROM sessions \
                     WHERE user_id = ?1 AND expires_at > ?2 ORDER BY created_at DESC LIMIT ?3";
    let parameters = [
        user.to_string().into(),
        now.unix().into(),
        MAX_PER_USER.into(),
    ];
    let rows = connection.query(statement, parameters)?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<OwnSession, DbError> {
    let optional = |column| row.text(column).ok().map(str::to_owned);
    Ok(OwnSession {
        id: row.uuid(0)?,
        created_at: row.unix_time(1)?,
        last_used_at: row.unix_time(2)?,
        user_agent: optional(3),
        ip_prefix: optional(4),
        method: row.text(5)?.to_owned(),
    })
}

/// Whether this is a session of the user, expired or not.
pub fn exists(connection: &mut Connection<'_>, user: Uuid, session: Uuid) -> Result<bool, DbError> {
    let statement = "SELECT 1 FROM sessions WHERE id = ?1 AND user_id = ?2";
    let parameters = [session.to_string().into(), user.to_string().into()];
    Ok(connection.query_one(statement, parameters)?.is_some())
}

/// Ends all sessions of a user but `kept`.
pub fn delete_others(
    connection: &mut Connection<'_>,
    user: Uuid,
    kept: Uuid,
) -> Result<(), DbError> {
    let statement = "DELETE FROM sessions WHERE user_id = ?1 AND id <> ?2";
    let parameters = [user.to_string().into(), kept.to_string().into()];
    connection.write(statement, parameters).map(drop)
}

/// Goes on with a session under a new id, so that all its tokens stop working. Its user has just proved who
/// they are. `None` if the session has ended.
pub fn renew(
    connection: &mut Connection<'_>,
    user: &Credentials,
    session: Uuid,
    new_id: Uuid,
    lifetime: SessionLifetime,
    now: Timestamp,
) -> Result<Option<Grant>, DbError> {
    let statement = "UPDATE sessions SET id = ?3, counter = 0, rotated_at = ?4, \
                     authenticated_at = ?4, expires_at = min(?4 + ?5, created_at + ?6) \
                     WHERE id = ?1 AND user_id = ?2 AND expires_at > ?4 RETURNING expires_at";
    let parameters = [
        session.to_string().into(),
        user.id.to_string().into(),
        new_id.to_string().into(),
        now.unix().into(),
        lifetime.idle.whole_seconds().into(),
        lifetime.absolute.whole_seconds().into(),
    ];
    let row = connection.write_one(statement, parameters)?;
    row.map(|row| {
        Ok(Grant {
            user: user.id,
            standing: user.standing.clone(),
            expires_at: row.unix_time(0)?,
        })
    })
    .transpose()
}
