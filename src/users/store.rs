//! SQL of users.

pub mod deletion;
pub mod names;

use uuid::Uuid;

use super::email::Email;
use super::standing::Standing;
use super::user::{Role, Subscription, User};
use super::username::Username;
use crate::db::{Connection, DbError, Row};
use crate::platform::timestamp::Timestamp;

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

impl LoginNames {
    /// Reads a row that begins with the email address and the username.
    pub fn read(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            email: row.text(0)?.to_owned(),
            username: row.text(1)?.to_owned(),
        })
    }
}

/// A user's data for the login.
pub struct Credentials {
    pub id: Uuid,
    pub names: LoginNames,
    pub hashed_password: String,
    pub standing: Standing,
    /// Whether the user is blocked, regardless of the password.
    pub is_disabled: bool,
    /// When that ends. `None` if it has no end.
    pub disabled_until: Option<Timestamp>,
    /// Whether the user registered when the address had to be verified, and has not verified it.
    pub must_verify: bool,
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

impl InsertError {
    fn of_write(error: DbError) -> Self {
        match error {
            DbError::Unique(what) if what.contains("users.email") => Self::EmailTaken,
            DbError::Unique(what) if what.contains("ix_users_username_lower") => {
                Self::UsernameTaken
            }
            error => error.into(),
        }
    }
}

/// Stands for a password hash, and is none: no password is right. Only a reset gives one.
pub const VOID_PASSWORD: &str = "void";

pub fn insert(
    connection: &mut Connection<'_>,
    user: &User,
    hashed_password: String,
    must_verify: bool,
) -> Result<(), InsertError> {
    let created_at = user.created_at.to_sql();
    let statement = "INSERT INTO users (id, username, email, hashed_password, account_role, \
                     account_subscription, created_at, updated_at, must_verify) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8)";
    let parameters = [
        user.id.to_string().into(),
        user.username.as_str().into(),
        user.email.as_str().into(),
        hashed_password.into(),
        user.role.as_str().into(),
        user.subscription.as_str().into(),
        created_at.into(),
        i64::from(must_verify).into(),
    ];
    let written = connection.write(statement, parameters);
    written.map(drop).map_err(InsertError::of_write)
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
        "SELECT id, email, username, hashed_password, {}, disabled_at IS NOT NULL, must_verify, \
         disabled_until \
         FROM users WHERE {condition}",
        Standing::COLUMN
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
            standing: row.read(4, Standing::from_stored)?,
            is_disabled: row.integer(5)? != 0,
            must_verify: row.integer(6)? != 0,
            disabled_until: row.unix_time(7).ok(),
        })
    })
    .transpose()
}

/// Finds a user.
pub fn find(connection: &mut Connection<'_>, id: Uuid) -> Result<Option<User>, DbError> {
    let statement = format!("SELECT {USER_COLUMNS} FROM users WHERE id = ?1");
    let row = connection.query_one(&statement, [id.to_string().into()])?;
    row.as_ref().map(read_user).transpose()
}

/// The columns that [`read_user`] takes.
pub const USER_COLUMNS: &str = "id, email, username, account_role, account_subscription, \
    subscription_expires_at IS NOT NULL, unixepoch(subscription_expires_at), \
    unixepoch(created_at), email_verified_at IS NOT NULL";

/// Reads a user from a row that begins with [`USER_COLUMNS`]. Times are in whole seconds, whatever fraction
/// the legacy service has stored.
pub fn read_user(row: &Row) -> Result<User, DbError> {
    Ok(User {
        id: row.uuid(0)?,
        email: row.text(1)?.to_owned(),
        username: row.text(2)?.to_owned(),
        role: row.read(3, Role::from_stored)?,
        subscription: row.read(4, Subscription::from_stored)?,
        subscription_expires_at: if row.integer(5)? == 0 {
            None
        } else {
            Some(row.unix_time(6)?)
        },
        created_at: row.unix_time(7)?,
        is_email_verified: row.integer(8)? != 0,
    })
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
                     email_verified_at = coalesce(email_verified_at, ?3), must_verify = 0 \
                     WHERE id = ?1 \
                     RETURNING email, username";
    let parameters = [
        user.to_string().into(),
        hashed_password.into(),
        now.to_sql().into(),
    ];
    let row = connection.write_one(statement, parameters)?;
    let row = row.ok_or_else(|| DbError::Failed("the reset token's user does not exist".into()))?;
    LoginNames::read(&row)
}

/// Records that the user's address is verified.
pub fn verify_email(
    connection: &mut Connection<'_>,
    user: Uuid,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = "UPDATE users SET email_verified_at = coalesce(email_verified_at, ?2), \
                     must_verify = 0, updated_at = ?2 WHERE id = ?1";
    let parameters = [user.to_string().into(), now.to_sql().into()];
    connection.write(statement, parameters).map(drop)
}

/// Replaces the user's address by one that is verified, and returns the old one.
pub fn change_email(
    connection: &mut Connection<'_>,
    user: Uuid,
    new: &str,
    now: Timestamp,
) -> Result<String, InsertError> {
    let statement = "SELECT email FROM users WHERE id = ?1";
    let row = connection.query_one(statement, [user.to_string().into()])?;
    let row = row.ok_or_else(|| DbError::Failed("the user does not exist".into()))?;
    let statement = "UPDATE users SET email = ?2, email_verified_at = ?3, must_verify = 0, \
                     updated_at = ?3 WHERE id = ?1";
    let parameters = [user.to_string().into(), new.into(), now.to_sql().into()];
    let written = connection.write(statement, parameters);
    written.map_err(InsertError::of_write)?;
    Ok(row.text(0)?.to_owned())
}

/// Lets a user stay who could log in without a verified address, whatever is required later.
pub fn waive_verification(connection: &mut Connection<'_>, user: Uuid) -> Result<(), DbError> {
    let statement = "UPDATE users SET must_verify = 0 WHERE id = ?1";
    let parameters = [user.to_string().into()];
    connection.write(statement, parameters).map(drop)
}

/// Replaces a user's password hash, and voids it as `user` has it. `false` if the password has changed since
/// `user` was read, or the user is disabled or gone.
pub fn change_password(
    connection: &mut Connection<'_>,
    user: &Credentials,
    hashed_password: String,
    now: Timestamp,
) -> Result<bool, DbError> {
    let statement = "UPDATE users SET hashed_password = ?3, updated_at = ?4 \
                     WHERE id = ?1 AND hashed_password = ?2 AND disabled_at IS NULL RETURNING id";
    let parameters = [
        user.id.to_string().into(),
        user.hashed_password.as_str().into(),
        hashed_password.into(),
        now.to_sql().into(),
    ];
    Ok(connection.write_one(statement, parameters)?.is_some())
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

/// Makes the user's password unusable, and returns the user's address. Only a reset gives a new one. A user
/// who was to be deleted stays.
pub fn void_password(
    connection: &mut Connection<'_>,
    user: Uuid,
    now: Timestamp,
) -> Result<String, DbError> {
    let statement = "UPDATE users SET hashed_password = ?3, deletes_at = NULL, updated_at = ?2 \
         WHERE id = ?1 RETURNING email";
    let parameters = [
        user.to_string().into(),
        now.to_sql().into(),
        VOID_PASSWORD.into(),
    ];
    let row = connection.write_one(statement, parameters)?;
    let row = row.ok_or_else(|| DbError::Failed("the user does not exist".into()))?;
    Ok(row.text(0)?.to_owned())
}

/// Reads one row, which fails if the schema is wrong.
pub fn probe(connection: &mut Connection<'_>) -> Result<(), DbError> {
    let statement = "SELECT id, username, email, hashed_password FROM users LIMIT 1";
    connection.query(statement, []).map(drop)
}
