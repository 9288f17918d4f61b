//! SQL of what administrators change about a user.

use uuid::Uuid;

use crate::db::{Connection, DbError};
use crate::platform::timestamp::Timestamp;
use crate::users::user::{Role, Subscription};

/// The role and the plan of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grants {
    pub role: Role,
    pub subscription: Subscription,
    pub subscription_expires_at: Option<Timestamp>,
}

/// Sets the role and the plan. `false` if the user is gone.
pub fn set_grants(
    connection: &mut Connection<'_>,
    user: Uuid,
    grants: Grants,
    now: Timestamp,
) -> Result<bool, DbError> {
    let statement = "UPDATE users SET account_role = ?2, account_subscription = ?3, \
                     subscription_expires_at = nullif(?4, ''), updated_at = ?5 \
                     WHERE id = ?1 RETURNING id";
    let expires_at = grants.subscription_expires_at;
    let parameters = [
        user.to_string().into(),
        grants.role.as_str().into(),
        grants.subscription.as_str().into(),
        expires_at.map_or(String::new(), Timestamp::to_sql).into(),
        now.to_sql().into(),
    ];
    Ok(connection.write_one(statement, parameters)?.is_some())
}

/// Lets an administrator's deletion of a user take effect now. `false` if the user is gone.
pub fn delete_now(
    connection: &mut Connection<'_>,
    user: Uuid,
    now: Timestamp,
) -> Result<bool, DbError> {
    let statement = "UPDATE users SET deletes_at = ?2 WHERE id = ?1 RETURNING id";
    let parameters = [user.to_string().into(), now.unix().into()];
    Ok(connection.write_one(statement, parameters)?.is_some())
}
