//! SQL of sessions.

pub mod own;

use uuid::Uuid;

use super::beginning::NewSession;
use super::refresh_token::{MAX_PER_USER, RefreshToken, SessionLifetime};
use crate::db::{Connection, DbError, Row};
use crate::platform::timestamp::Timestamp;
use crate::users::standing::Standing;
use crate::users::store::Credentials;
use crate::users::user::{Role, Subscription};

/// Expired sessions (by ?1) of a batch of up to a hundred, starting at id ?2 and wrapping around at
/// the end of the table. Random start ids cover a large table over time and a small one at once. An
/// index on the expiry would be faster to read, but every refresh would have to write it.
pub const EXPIRED_IN_BATCH: &str = "(SELECT id FROM (\
    SELECT * FROM (SELECT id, expires_at FROM sessions WHERE id >= ?2 ORDER BY id LIMIT 100) \
    UNION ALL \
    SELECT * FROM (SELECT id, expires_at FROM sessions WHERE id < ?2 ORDER BY id LIMIT 100) \
    LIMIT 100) WHERE expires_at <= ?1)";

/// The user of a session, and the time until which it can be refreshed.
pub struct Grant {
    pub user: Uuid,
    pub standing: Standing,
    pub expires_at: Timestamp,
}

/// A session that has begun.
pub struct Begun {
    pub grant: Grant,
    /// The user was to be deleted until this login.
    pub is_leaving: bool,
}

/// An active session.
pub struct Session {
    pub grant: Grant,
    /// Number of rotations so far.
    pub counter: u64,
    /// Time of the last rotation.
    pub rotated_at: Timestamp,
}

/// The user of a session, as stored now.
pub struct SessionUser {
    pub email: String,
    /// The username, as entered.
    pub username: String,
    pub is_email_verified: bool,
    pub role: Role,
    pub subscription: Subscription,
}

/// The columns that [`SessionUser::read`] takes, from users as `u`.
const USER_COLUMNS: &str = "u.email, u.username, u.email_verified_at IS NOT NULL, u.account_role, \
    u.account_subscription";

impl SessionUser {
    fn read(row: Row) -> Result<Self, DbError> {
        Ok(Self {
            email: row.text(0)?.to_owned(),
            username: row.text(1)?.to_owned(),
            is_email_verified: row.integer(2)? != 0,
            role: row.read(3, Role::from_stored)?,
            subscription: row.read(4, Subscription::from_stored)?,
        })
    }
}

/// Starts a session if the user is not disabled and the password is still the one that was checked,
/// so that no session from an old password survives a reset. Otherwise returns `None`. Also
/// deletes the user's expired sessions and the oldest beyond the limit. A trigger records the event. If a
/// power cut undoes it, the user logs in again.
pub fn insert(
    connection: &mut Connection<'_>,
    session: &NewSession,
    user: &Credentials,
    lifetime: SessionLifetime,
    now: Timestamp,
) -> Result<Option<Begun>, DbError> {
    let expires_at = lifetime.expiry(now, now);
    let statement = "INSERT INTO sessions (id, user_id, counter, created_at, rotated_at, \
                     authenticated_at, expires_at, method, user_agent, network, ip_prefix, \
                     request_id) \
                     SELECT ?1, id, 0, ?4, ?4, ?4, ?5, ?7, nullif(?8, ''), ?9, nullif(?10, ''), ?11 \
                     FROM users WHERE id = ?2 AND hashed_password = ?3 AND disabled_at IS NULL \
                     RETURNING (SELECT count(*) FROM sessions WHERE user_id = ?2) > ?6 \
                     OR EXISTS (SELECT 1 FROM sessions WHERE user_id = ?2 AND expires_at <= ?4), \
                     EXISTS (SELECT 1 FROM users WHERE id = ?2 AND deletes_at IS NOT NULL)";
    let parameters = [
        session.id.to_string().into(),
        user.id.to_string().into(),
        user.hashed_password.as_str().into(),
        now.unix().into(),
        expires_at.unix().into(),
        MAX_PER_USER.into(),
        session.method.name().into(),
        session.user_agent.as_deref().unwrap_or_default().into(),
        session.network.as_str().into(),
        session.ip_prefix.as_deref().unwrap_or_default().into(),
        session.request_id.as_str().into(),
    ];
    let Some(row) = connection.write_replayable_one(statement, parameters)? else {
        return Ok(None);
    };
    if row.integer(0)? != 0 {
        trim(connection, session.id, user.id, now)?;
    }
    Ok(Some(Begun {
        grant: Grant {
            user: user.id,
            standing: user.standing.clone(),
            expires_at,
        },
        is_leaving: row.integer(1)? != 0,
    }))
}

/// Deletes the expired sessions of a user, and the oldest of those that are too many.
fn trim(
    connection: &mut Connection<'_>,
    newest: Uuid,
    user: Uuid,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = "DELETE FROM sessions WHERE user_id = ?1 AND id <> ?2 AND (expires_at <= ?3 \
                     OR id IN (SELECT id FROM sessions \
                     WHERE user_id = ?1 AND id <> ?2 AND expires_at > ?3 \
                     ORDER BY created_at DESC LIMIT -1 OFFSET ?4))";
    let parameters = [
        user.to_string().into(),
        newest.to_string().into(),
        now.unix().into(),
        (MAX_PER_USER - 1).into(),
    ];
    connection.write_replayable(statement, parameters).map(drop)
}

/// Rotates a refresh token, in one statement so that only one of several concurrent requests
/// succeeds. `None` if the token was used, the session has ended, or its user is disabled. A token
/// ahead of the session's counter is accepted: we issued it, but a power cut has undone its
/// rotation.
pub fn rotate(
    connection: &mut Connection<'_>,
    token: RefreshToken,
    lifetime: SessionLifetime,
    now: Timestamp,
) -> Result<Option<Grant>, DbError> {
    let Ok(counter) = i64::try_from(token.counter) else {
        return Ok(None);
    };
    let standing = Standing::COLUMN;
    let statement = format!(
        "UPDATE sessions SET counter = ?2 + 1, rotated_at = ?3, \
         expires_at = min(?3 + ?4, created_at + ?5) \
         WHERE id = ?1 AND counter <= ?2 AND expires_at > ?3 \
         AND NOT EXISTS (SELECT 1 FROM users INDEXED BY ix_users_disabled \
         WHERE id = user_id AND disabled_at IS NOT NULL) \
         RETURNING user_id, (SELECT {standing} FROM users WHERE id = user_id), expires_at"
    );
    let parameters = [
        token.session.to_string().into(),
        counter.into(),
        now.unix().into(),
        lifetime.idle.whole_seconds().into(),
        lifetime.absolute.whole_seconds().into(),
    ];
    let row = connection.write_replayable_one(&statement, parameters)?;
    // A user who was deleted without the sessions has no role.
    let row = row.filter(|row| row.text(1).is_ok());
    row.map(|row| {
        Ok(Grant {
            user: row.uuid(0)?,
            standing: row.read(1, Standing::from_stored)?,
            expires_at: row.unix_time(2)?,
        })
    })
    .transpose()
}

/// Finds an active session of a user who is not disabled.
pub fn find(
    connection: &mut Connection<'_>,
    session: Uuid,
    now: Timestamp,
) -> Result<Option<Session>, DbError> {
    let standing = Standing::COLUMN;
    let statement = format!(
        "SELECT s.user_id, {standing}, s.expires_at, s.counter, s.rotated_at \
         FROM sessions s JOIN users u ON u.id = s.user_id \
         WHERE s.id = ?1 AND s.expires_at > ?2 AND u.disabled_at IS NULL"
    );
    let parameters = [session.to_string().into(), now.unix().into()];
    let row = connection.query_one(&statement, parameters)?;
    row.map(|row| {
        Ok(Session {
            grant: Grant {
                user: row.uuid(0)?,
                standing: row.read(1, Standing::from_stored)?,
                expires_at: row.unix_time(2)?,
            },
            counter: row.number(3)?,
            rotated_at: row.unix_time(4)?,
        })
    })
    .transpose()
}

/// Whether this session of the user is active and the user is not disabled.
pub fn is_alive(
    connection: &mut Connection<'_>,
    user: Uuid,
    session: Uuid,
    now: Timestamp,
) -> Result<bool, DbError> {
    let statement = "SELECT 1 FROM sessions s JOIN users u ON u.id = s.user_id \
                     WHERE s.id = ?1 AND u.id = ?2 AND s.expires_at > ?3 AND NOT EXISTS ( \
                     SELECT 1 FROM users INDEXED BY ix_users_disabled \
                     WHERE id = ?2 AND disabled_at IS NOT NULL)";
    let parameters = [
        session.to_string().into(),
        user.to_string().into(),
        now.unix().into(),
    ];
    let row = connection.query_one(statement, parameters)?;
    Ok(row.is_some())
}

/// Finds the user of an active session, unless the user is disabled.
pub fn find_user(
    connection: &mut Connection<'_>,
    user: Uuid,
    session: Uuid,
    now: Timestamp,
) -> Result<Option<SessionUser>, DbError> {
    let statement = format!(
        "SELECT {USER_COLUMNS} FROM sessions s JOIN users u ON u.id = s.user_id \
         WHERE s.id = ?1 AND u.id = ?2 AND s.expires_at > ?3 AND u.disabled_at IS NULL"
    );
    let parameters = [
        session.to_string().into(),
        user.to_string().into(),
        now.unix().into(),
    ];
    let row = connection.query_one(&statement, parameters)?;
    row.map(SessionUser::read).transpose()
}

/// Finds the user of a legacy access token, which has no session.
pub fn find_user_without_session(
    connection: &mut Connection<'_>,
    user: Uuid,
) -> Result<Option<SessionUser>, DbError> {
    let statement = format!("SELECT {USER_COLUMNS} FROM users u WHERE u.id = ?1");
    let row = connection.query_one(&statement, [user.to_string().into()])?;
    row.map(SessionUser::read).transpose()
}

/// Ends a session with its refresh and access tokens. Returns its user, if it existed.
pub fn delete(connection: &mut Connection<'_>, session: Uuid) -> Result<Option<Uuid>, DbError> {
    let statement = "DELETE FROM sessions WHERE id = ?1 RETURNING user_id";
    let row = connection.write_one(statement, [session.to_string().into()])?;
    row.map(|row| row.uuid(0)).transpose()
}

pub fn delete_all(connection: &mut Connection<'_>, user: Uuid) -> Result<(), DbError> {
    let statement = "DELETE FROM sessions WHERE user_id = ?1";
    let parameters = [user.to_string().into()];
    connection.write(statement, parameters).map(drop)
}

/// Deletes the expired sessions of a batch of up to a hundred, starting at a given id.
pub fn delete_expired(
    connection: &mut Connection<'_>,
    start_id: Uuid,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = format!("DELETE FROM sessions WHERE id IN {EXPIRED_IN_BATCH}");
    let parameters = [now.unix().into(), start_id.to_string().into()];
    connection
        .write_replayable(&statement, parameters)
        .map(drop)
}
