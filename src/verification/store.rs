//! SQL of pending verifications.

use uuid::Uuid;

use super::code::MAX_TRIES;
use super::{CODE_LIFETIME, LINK_LIFETIME, Verification};
use crate::db::{Connection, DbError, Row};
use crate::platform::timestamp::Timestamp;
use crate::users::store::Credentials;

/// The condition that a verification (the row of `email_verifications`) can be used: it is younger than ?2,
/// its user is not disabled, and still has the address that it verifies.
const IS_USABLE: &str = "created_at > ?2 AND EXISTS (SELECT 1 FROM users u \
    WHERE u.id = user_id AND u.disabled_at IS NULL AND (is_change OR u.email = e.email))";

/// Replaces the pending verification of the user with this address by a new one. For an unknown, verified
/// or disabled user it does the same work without an effect.
pub fn replace(
    connection: &mut Connection<'_>,
    id: Uuid,
    email: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = "DELETE FROM email_verifications WHERE is_change = 0 \
                     AND user_id = (SELECT id FROM users WHERE email = ?1)";
    connection.write(statement, [email.into()])?;
    let statement = "INSERT INTO email_verifications (id, user_id, email, is_change, created_at) \
                     SELECT ?1, id, email, 0, ?3 FROM users WHERE email = ?2 \
                     AND email_verified_at IS NULL AND disabled_at IS NULL";
    let parameters = [id.to_string().into(), email.into(), now.unix().into()];
    connection.write(statement, parameters).map(drop)
}

/// Replaces the user's pending change of address by a new one, unless a user has the new address, or this
/// user's password has been changed since it was checked.
pub fn replace_change(
    connection: &mut Connection<'_>,
    id: Uuid,
    user: &Credentials,
    new_email: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    delete_change(connection, user.id)?;
    let statement = "INSERT INTO email_verifications (id, user_id, email, is_change, created_at) \
                     SELECT ?1, id, ?4, 1, ?5 FROM users WHERE id = ?2 AND hashed_password = ?3 \
                     AND disabled_at IS NULL AND NOT EXISTS (SELECT 1 FROM users WHERE email = ?4)";
    let parameters = [
        id.to_string().into(),
        user.id.to_string().into(),
        user.hashed_password.as_str().into(),
        new_email.into(),
        now.unix().into(),
    ];
    connection.write(statement, parameters).map(drop)
}

/// The user's pending verification of their own address.
pub fn find_pending(connection: &mut Connection<'_>, user: Uuid) -> Result<Option<Uuid>, DbError> {
    let statement = "SELECT id FROM email_verifications WHERE user_id = ?1 AND is_change = 0";
    let row = connection.query_one(statement, [user.to_string().into()])?;
    row.map(|row| row.uuid(0)).transpose()
}

/// Whether the link of a verification can be used.
pub fn is_usable(
    connection: &mut Connection<'_>,
    id: Uuid,
    now: Timestamp,
) -> Result<bool, DbError> {
    let statement = format!("SELECT 1 FROM email_verifications e WHERE id = ?1 AND {IS_USABLE}");
    let parameters = [id.to_string().into(), oldest(now).into()];
    Ok(connection.query_one(&statement, parameters)?.is_some())
}

/// Counts a try of the code, so that concurrent ones cannot exceed the limit. Returns `false` if none is
/// left, or the code is too old. A power cut may undo the last counts.
pub fn count_try(
    connection: &mut Connection<'_>,
    id: Uuid,
    now: Timestamp,
) -> Result<bool, DbError> {
    let statement = "UPDATE email_verifications SET tries = tries + 1 \
                     WHERE id = ?1 AND created_at > ?2 AND tries < ?3 RETURNING tries";
    let parameters = [
        id.to_string().into(),
        now.plus(-CODE_LIFETIME).unix().into(),
        MAX_TRIES.into(),
    ];
    let row = connection.write_replayable_one(statement, parameters)?;
    Ok(row.is_some())
}

/// Deletes a verification and returns it, in one statement so that only one of several concurrent requests
/// succeeds. `None` if it cannot be used.
pub fn consume(
    connection: &mut Connection<'_>,
    id: Uuid,
    now: Timestamp,
) -> Result<Option<Verification>, DbError> {
    let statement = format!(
        "DELETE FROM email_verifications AS e WHERE id = ?1 AND {IS_USABLE} \
         RETURNING user_id, email, is_change"
    );
    let parameters = [id.to_string().into(), oldest(now).into()];
    let row = connection.write_one(&statement, parameters)?;
    row.map(|row| verification(&row)).transpose()
}

/// Deletes the pending change of a user's address.
pub fn delete_change(connection: &mut Connection<'_>, user: Uuid) -> Result<(), DbError> {
    let statement = "DELETE FROM email_verifications WHERE is_change = 1 AND user_id = ?1";
    let parameters = [user.to_string().into()];
    connection.write(statement, parameters).map(drop)
}

/// Deletes the pending verifications of a user, so that the links and codes of older mails stop working.
pub fn delete_all(connection: &mut Connection<'_>, user: Uuid) -> Result<(), DbError> {
    let statement = "DELETE FROM email_verifications WHERE user_id = ?1";
    let parameters = [user.to_string().into()];
    connection.write(statement, parameters).map(drop)
}

/// Deletes up to a thousand expired verifications.
pub fn delete_expired(connection: &mut Connection<'_>, now: Timestamp) -> Result<(), DbError> {
    let statement = "DELETE FROM email_verifications WHERE id IN (SELECT id \
                     FROM email_verifications WHERE created_at <= ?1 LIMIT 1000)";
    connection
        .write_replayable(statement, [oldest(now).into()])
        .map(drop)
}

/// Verifications from then, in seconds since 1970, and earlier have expired.
pub fn oldest(now: Timestamp) -> i64 {
    now.plus(-LINK_LIFETIME).unix()
}

fn verification(row: &Row) -> Result<Verification, DbError> {
    Ok(Verification {
        user: row.uuid(0)?,
        email: row.text(1)?.to_owned(),
        is_change: row.integer(2)? != 0,
    })
}
