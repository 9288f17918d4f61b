//! SQL of administration.

pub mod disabling;
pub mod events;
pub mod list;
pub mod update;
pub mod window;

use serde_json::json;
use uuid::Uuid;

use super::user::ManagedUser;
use crate::db::{Connection, DbError, Row};
use crate::platform::timestamp::Timestamp;
use crate::users::settings::Administrators;
use crate::users::standing::Standing;
use crate::users::store::{USER_COLUMNS, read_user};

/// What a session's user may do.
pub struct Authority {
    pub standing: Standing,
    /// When the user proved who they are. `None` in sessions from before that was kept.
    pub authenticated_at: Option<Timestamp>,
}

/// Finds the authority of an active session, unless its user is disabled.
pub fn find_authority(
    connection: &mut Connection<'_>,
    user: Uuid,
    session: Uuid,
    now: Timestamp,
) -> Result<Option<Authority>, DbError> {
    let standing = Standing::COLUMN;
    let statement = format!(
        "SELECT {standing}, s.authenticated_at FROM sessions s JOIN users u ON u.id = s.user_id \
         WHERE s.id = ?1 AND u.id = ?2 AND s.expires_at > ?3 AND u.disabled_at IS NULL"
    );
    let parameters = [
        session.to_string().into(),
        user.to_string().into(),
        now.unix().into(),
    ];
    let row = connection.query_one(&statement, parameters)?;
    row.map(|row| {
        Ok(Authority {
            standing: row.read(0, Standing::from_stored)?,
            authenticated_at: row.unix_time(1).ok(),
        })
    })
    .transpose()
}

/// The columns that [`read`] takes after [`USER_COLUMNS`].
pub const MANAGED_COLUMNS: &str = "disabled_at, disabled_until, disabled_reason, deletes_at";

/// Reads a user from a row that begins with [`USER_COLUMNS`] and [`MANAGED_COLUMNS`].
pub fn read(row: &Row) -> Result<ManagedUser, DbError> {
    Ok(ManagedUser {
        user: read_user(row)?,
        disabled_at: row.unix_time(9).ok(),
        disabled_until: row.unix_time(10).ok(),
        disabled_reason: row.text(11).ok().map(str::to_owned),
        deletes_at: row.unix_time(12).ok(),
    })
}

pub fn find(connection: &mut Connection<'_>, id: Uuid) -> Result<Option<ManagedUser>, DbError> {
    let statement = format!("SELECT {USER_COLUMNS}, {MANAGED_COLUMNS} FROM users WHERE id = ?1");
    let row = connection.query_one(&statement, [id.to_string().into()])?;
    row.as_ref().map(read).transpose()
}

/// Whether an enabled administrator other than this user stays.
pub fn has_other_administrator(
    connection: &mut Connection<'_>,
    administrators: &Administrators,
    user: Uuid,
) -> Result<bool, DbError> {
    let statement = "SELECT 1 WHERE EXISTS (SELECT 1 FROM users INDEXED BY ix_users_role \
                     WHERE account_role <> 'REGULAR' AND account_role = 'ADMIN' AND id <> ?1 \
                     AND disabled_at IS NULL AND deletes_at IS NULL) \
                     OR EXISTS (SELECT 1 FROM users \
                     WHERE email IN (SELECT value FROM json_each(?2)) AND id <> ?1 \
                     AND email_verified_at IS NOT NULL \
                     AND disabled_at IS NULL AND deletes_at IS NULL)";
    let addresses = json!(administrators.addresses()).to_string();
    let parameters = [user.to_string().into(), addresses.into()];
    Ok(connection.query_one(statement, parameters)?.is_some())
}
