//! SQL of addresses and usernames: which are taken, which are free, and how they change back.

use std::collections::HashSet;

use uuid::Uuid;

use crate::db::{Connection, DbError};
use crate::platform::timestamp::Timestamp;
use crate::users::email::Email;
use crate::users::username::Username;

/// The search for a free username tries these numbers one by one, then takes larger steps.
const COUNTED_SUGGESTIONS: u64 = 100;
/// Upper bound of the search. Beyond it, names were registered to mislead the search.
const MAX_SUGGESTED_NUMBER: u64 = 1_000_000_000;

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
