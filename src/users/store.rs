//! SQL of users.

use std::collections::HashSet;

use uuid::Uuid;

use super::email::Email;
use super::user::{Role, Subscription, User};
use super::username::Username;
use crate::db::{Connection, DbError};
use crate::platform::timestamp::Timestamp;

/// The search for a free username tries these numbers one by one, then takes larger steps.
const COUNTED_SUGGESTIONS: u64 = 100;
/// Upper bound of the search. Beyond it, names were registered to mislead the search.
const MAX_SUGGESTED_NUMBER: u64 = 1_000_000_000;

/// Key to look a user up by.
pub enum Lookup {
    Id(Uuid),
    Email(Email),
    /// A username, ignoring case.
    Username(Username),
}

/// The two names that a user can log in with.
pub struct LoginNames {
    pub email: String,
    /// The username, as entered.
    pub username: String,
}

/// A user's data for the login.
pub struct Credentials {
    pub id: Uuid,
    pub names: LoginNames,
    pub hashed_password: String,
    pub role: Role,
    /// Whether the user is blocked, regardless of the password.
    pub is_disabled: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    #[error("email taken")]
    EmailTaken,
    #[error("username taken")]
    UsernameTaken,
    #[error(transparent)]
    Database(#[from] DbError),
}

pub fn insert(
    connection: &mut Connection<'_>,
    user: &User,
    hashed_password: String,
) -> Result<(), InsertError> {
    let created_at = user.created_at.to_sql();
    let statement = "INSERT INTO users (id, username, email, hashed_password, account_role, \
                     account_subscription, created_at, updated_at) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)";
    let parameters = [
        user.id.to_string().into(),
        user.username.as_str().into(),
        user.email.as_str().into(),
        hashed_password.into(),
        user.role.as_str().into(),
        user.subscription.as_str().into(),
        created_at.into(),
    ];
    match connection.write(statement, parameters) {
        Ok(_) => Ok(()),
        Err(DbError::Unique(what)) if what.contains("users.email") => Err(InsertError::EmailTaken),
        Err(DbError::Unique(what)) if what.contains("ix_users_username_lower") => {
            Err(InsertError::UsernameTaken)
        }
        Err(error) => Err(error.into()),
    }
}

pub fn email_exists(connection: &mut Connection<'_>, email: &Email) -> Result<bool, DbError> {
    let statement = "SELECT 1 FROM users WHERE email = ?1";
    let row = connection.query_one(statement, [email.as_str().into()]);
    Ok(row?.is_some())
}

/// Whether a user has this name, ignoring case.
pub fn username_exists(connection: &mut Connection<'_>, username: &str) -> Result<bool, DbError> {
    let statement = "SELECT 1 FROM users WHERE lower(username) = lower(?1)";
    let row = connection.query_one(statement, [username.into()]);
    Ok(row?.is_some())
}

/// Suggests a free name similar to a taken one: with the smallest free number up to a hundred.
/// Beyond that, the search doubles and bisects, and may skip a gap. It makes at most about sixty
/// lookups; if all of them are taken, it suggests a name that it has not looked up.
pub fn suggest_username(
    connection: &mut Connection<'_>,
    taken: &Username,
) -> Result<String, DbError> {
    // Usually the first one is free.
    let first = taken.numbered(1);
    if !username_exists(connection, &first)? {
        return Ok(first);
    }
    let names: Vec<_> = (2..=COUNTED_SUGGESTIONS)
        .map(|number| taken.numbered(number))
        .collect();
    if let Some(name) = first_free(connection, &names)? {
        return Ok(name);
    }
    let mut last_taken = COUNTED_SUGGESTIONS;
    let mut free = last_taken * 2;
    while username_exists(connection, &taken.numbered(free))? {
        last_taken = free;
        free *= 2;
        if free > MAX_SUGGESTED_NUMBER {
            return Ok(taken.numbered(taken.far_number()));
        }
    }
    while free - last_taken > 1 {
        let middle = last_taken + (free - last_taken) / 2;
        if username_exists(connection, &taken.numbered(middle))? {
            last_taken = middle;
        } else {
            free = middle;
        }
    }
    Ok(taken.numbered(free))
}

/// The first of these names that is free, ignoring case, with one statement.
fn first_free(
    connection: &mut Connection<'_>,
    names: &[String],
) -> Result<Option<String>, DbError> {
    let places = vec!["lower(?)"; names.len()].join(", ");
    let statement =
        format!("SELECT lower(username) FROM users WHERE lower(username) IN ({places})");
    let rows = connection.query(&statement, names.iter().map(|name| name.as_str().into()))?;
    let taken: Result<HashSet<_>, _> = rows.iter().map(|row| row.text(0)).collect();
    let taken = taken?;
    let free = names
        .iter()
        .find(|name| !taken.contains(name.to_ascii_lowercase().as_str()));
    Ok(free.cloned())
}

pub fn find_credentials(
    connection: &mut Connection<'_>,
    lookup: &Lookup,
) -> Result<Option<Credentials>, DbError> {
    let (condition, value) = match lookup {
        Lookup::Id(id) => ("id = ?1", id.to_string()),
        Lookup::Email(email) => ("email = ?1", email.as_str().to_owned()),
        Lookup::Username(name) => ("lower(username) = lower(?1)", name.as_str().to_owned()),
    };
    let statement = format!(
        "SELECT id, email, username, hashed_password, account_role, disabled_at IS NOT NULL \
         FROM users WHERE {condition}"
    );
    let row = connection.query_one(&statement, [value.into()])?;
    row.map(|row| {
        Ok(Credentials {
            id: row.uuid(0)?,
            names: LoginNames {
                email: row.text(1)?.to_owned(),
                username: row.text(2)?.to_owned(),
            },
            hashed_password: row.text(3)?.to_owned(),
            role: row.read(4, Role::from_stored)?,
            is_disabled: row.integer(5)? != 0,
        })
    })
    .transpose()
}

/// Finds a user. Reads times in whole seconds, whatever fraction the legacy service has stored.
pub fn find(connection: &mut Connection<'_>, id: Uuid) -> Result<Option<User>, DbError> {
    let statement = "SELECT email, username, account_role, account_subscription, \
                     subscription_expires_at IS NOT NULL, unixepoch(subscription_expires_at), \
                     unixepoch(created_at) \
                     FROM users WHERE id = ?1";
    let row = connection.query_one(statement, [id.to_string().into()]);
    row?.map(|row| {
        Ok(User {
            id,
            email: row.text(0)?.to_owned(),
            username: row.text(1)?.to_owned(),
            role: row.read(2, Role::from_stored)?,
            subscription: row.read(3, Subscription::from_stored)?,
            subscription_expires_at: if row.integer(4)? == 0 {
                None
            } else {
                Some(row.unix_time(5)?)
            },
            created_at: row.unix_time(6)?,
        })
    })
    .transpose()
}

/// Replaces a user's password hash after a reset by mail, which also proves that the email address is
/// the user's. Returns the user's names.
pub fn reset_password(
    connection: &mut Connection<'_>,
    user: Uuid,
    hashed_password: String,
    now: Timestamp,
) -> Result<LoginNames, DbError> {
    let statement = "UPDATE users SET hashed_password = ?2, updated_at = ?3, \
                     email_verified_at = coalesce(email_verified_at, ?3) WHERE id = ?1 \
                     RETURNING email, username";
    let parameters = [
        user.to_string().into(),
        hashed_password.into(),
        now.to_sql().into(),
    ];
    let row = connection.write_one(statement, parameters)?;
    let row = row.ok_or_else(|| DbError::Failed("the reset token's user does not exist".into()))?;
    Ok(LoginNames {
        email: row.text(0)?.to_owned(),
        username: row.text(1)?.to_owned(),
    })
}

/// Replaces the hash of an unchanged password. Returns `false` if another request has replaced it.
/// If a power cut undoes it, the next login replaces the outdated hash.
pub fn replace_hash(
    connection: &mut Connection<'_>,
    user: Uuid,
    outdated: &str,
    hashed_password: &str,
) -> Result<bool, DbError> {
    let statement = "UPDATE users SET hashed_password = ?3 WHERE id = ?1 AND hashed_password = ?2 \
                     RETURNING id";
    let parameters = [
        user.to_string().into(),
        outdated.into(),
        hashed_password.into(),
    ];
    let row = connection.write_replayable_one(statement, parameters)?;
    Ok(row.is_some())
}

/// Makes the user's password unusable, and returns the user's address. Only a reset gives a new one.
pub fn void_password(
    connection: &mut Connection<'_>,
    user: Uuid,
    now: Timestamp,
) -> Result<String, DbError> {
    let statement =
        "UPDATE users SET hashed_password = 'void', updated_at = ?2 WHERE id = ?1 RETURNING email";
    let parameters = [user.to_string().into(), now.to_sql().into()];
    let row = connection.write_one(statement, parameters)?;
    let row = row.ok_or_else(|| DbError::Failed("the user does not exist".into()))?;
    Ok(row.text(0)?.to_owned())
}

/// Changes the address `new` back to `old`, unless it has changed again or `old` is taken.
pub fn restore_email(
    connection: &mut Connection<'_>,
    user: Uuid,
    old: &str,
    new: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = "UPDATE users SET email = ?2, updated_at = ?4 WHERE id = ?1 AND email = ?3 \
                     AND NOT EXISTS (SELECT 1 FROM users WHERE email = ?2)";
    restore(connection, statement, user, old, new, now)
}

/// Changes the username `new` back to `old`, unless it has changed again or `old` is taken.
pub fn restore_username(
    connection: &mut Connection<'_>,
    user: Uuid,
    old: &str,
    new: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = "UPDATE users SET username = ?2, updated_at = ?4 WHERE id = ?1 \
                     AND username = ?3 AND NOT EXISTS (SELECT 1 FROM users \
                     WHERE lower(username) = lower(?2) AND id <> ?1)";
    restore(connection, statement, user, old, new, now)
}

fn restore(
    connection: &mut Connection<'_>,
    statement: &str,
    user: Uuid,
    old: &str,
    new: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let parameters = [
        user.to_string().into(),
        old.into(),
        new.into(),
        now.to_sql().into(),
    ];
    connection.write(statement, parameters).map(drop)
}

/// Reads one row, which fails if the schema is wrong.
pub fn probe(connection: &mut Connection<'_>) -> Result<(), DbError> {
    let statement = "SELECT id, username, email, hashed_password FROM users LIMIT 1";
    connection.query(statement, []).map(drop)
}
