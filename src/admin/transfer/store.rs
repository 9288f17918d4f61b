//! SQL of imports and exports. An import takes the same number of statements for a user and for hundreds.

use std::collections::HashSet;

use serde_json::{Value, json};
use uuid::Uuid;

use super::line::NewUser;
use crate::admin;
use crate::admin::store::MANAGED_COLUMNS;
use crate::admin::store::list::Position;
use crate::admin::store::window::Page;
use crate::admin::user::ManagedUser;
use crate::db::{Connection, DbError, Row};
use crate::platform::timestamp::Timestamp;
use crate::users::store::{USER_COLUMNS, VOID_PASSWORD};

/// Inserts those users whose address and username are free, and returns their ids.
pub fn insert(
    connection: &mut Connection<'_>,
    users: &[NewUser],
    now: Timestamp,
) -> Result<HashSet<Uuid>, DbError> {
    let statement = "INSERT INTO users (id, username, email, hashed_password, account_role, \
                     account_subscription, subscription_expires_at, created_at, updated_at, \
                     email_verified_at, disabled_at, disabled_until, disabled_reason) \
                     SELECT json_extract(value, '$.id'), json_extract(value, '$.username'), \
                     json_extract(value, '$.email'), json_extract(value, '$.hash'), \
                     json_extract(value, '$.role'), json_extract(value, '$.subscription'), \
                     json_extract(value, '$.expires_at'), json_extract(value, '$.created_at'), ?2, \
                     iif(json_extract(value, '$.is_verified'), ?2, NULL), \
                     json_extract(value, '$.disabled_at'), json_extract(value, '$.disabled_until'), \
                     json_extract(value, '$.disabled_reason') FROM json_each(?1) WHERE 1 \
                     ON CONFLICT DO NOTHING RETURNING id";
    let users: Vec<_> = users.iter().map(|user| values(user, now)).collect();
    let parameters = [json!(users).to_string().into(), now.to_sql().into()];
    let rows = connection.write(statement, parameters)?;
    rows.iter().map(|row| row.uuid(0)).collect()
}

fn values(user: &NewUser, now: Timestamp) -> Value {
    let unix = |at: Option<Timestamp>| at.map(Timestamp::unix);
    let disabling = user.disabling.as_ref();
    json!({
        "id": user.id,
        "username": user.username,
        "email": user.email.as_str(),
        "hash": user.hash.as_ref().map_or(VOID_PASSWORD, |hash| &hash.text),
        "role": user.role,
        "subscription": user.subscription,
        "expires_at": user.subscription_expires_at.map(Timestamp::to_sql),
        "created_at": user.created_at.map_or(now, |at| at.min(now)).to_sql(),
        "is_verified": user.is_verified,
        "disabled_at": unix(disabling.map(|disabling| disabling.at)),
        "disabled_until": unix(disabling.and_then(|disabling| disabling.until)),
        "disabled_reason": disabling.and_then(|disabling| disabling.reason.as_deref()),
    })
}

/// Those of the users' addresses that are taken.
pub fn taken_addresses(
    connection: &mut Connection<'_>,
    users: &[NewUser],
) -> Result<HashSet<String>, DbError> {
    let statement = "SELECT value FROM json_each(?1) \
                     WHERE EXISTS (SELECT 1 FROM users WHERE email = value)";
    let addresses: Vec<_> = users.iter().map(|user| user.email.as_str()).collect();
    let rows = connection.query(statement, [json!(addresses).to_string().into()])?;
    rows.iter().map(|row| Ok(row.text(0)?.to_owned())).collect()
}

/// A user as an export has them.
pub struct Exported {
    pub managed: ManagedUser,
    /// `None` if the user has no password.
    pub hash: Option<String>,
}

/// Reads up to `limit` users after `start` in the order of their creation, without those who are to be deleted. What cannot be read is
/// logged and left out.
pub fn page(
    connection: &mut Connection<'_>,
    start: Option<Position>,
    limit: usize,
) -> Result<Page<Exported, Position>, DbError> {
    let statement = format!(
        "SELECT {USER_COLUMNS}, {MANAGED_COLUMNS}, hashed_password, \
         created_at || ' ' || id FROM users INDEXED BY ix_users_created_at \
         WHERE (created_at, id) > (?1, ?2) AND deletes_at IS NULL ORDER BY created_at, id LIMIT ?3"
    );
    let (key, id) = start.map_or_else(Default::default, |start| (start.key, start.id));
    let parameters = [key.into(), id.into(), (limit as i64 + 1).into()];
    let mut rows = connection.query(&statement, parameters)?;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let end = match rows.last() {
        Some(last) if has_more => Some(last.read(14, Position::read)?),
        _ => None,
    };
    let items = rows.iter().filter_map(read_or_log).collect();
    Ok(Page { items, end })
}

fn read_or_log(row: &Row) -> Option<Exported> {
    let exported = read(row);
    if let Err(error) = &exported {
        let user = row.text(0).unwrap_or_default();
        tracing::error!(user, %error, "a user cannot be read, and is not exported");
    }
    exported.ok()
}

fn read(row: &Row) -> Result<Exported, DbError> {
    let hash = row.text(13)?;
    Ok(Exported {
        managed: admin::store::read(row)?,
        // Whatever else is stored is no hash, and stands for none.
        hash: hash.starts_with('$').then(|| hash.to_owned()),
    })
}
