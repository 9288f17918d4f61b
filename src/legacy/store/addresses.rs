//! Normalizes the email addresses that the legacy service stored.

use crate::db::{Connection, DbError, Row};
use crate::users::email::Email;

/// Number of users per batch, which bounds the memory.
const BATCH: i64 = 1000;

/// Normalizes every address that is not lowercase ASCII: its user could not log in with it, and its
/// mailbox could get a second account. An invalid address, or one whose normalized form another
/// user has, is left unchanged and logged with the user's id.
pub fn normalize(connection: &mut Connection<'_>) -> Result<(), DbError> {
    let statement = "SELECT rowid, id, email FROM users WHERE rowid > ?1 \
                     AND (email <> lower(email) OR email GLOB '*[^ -~]*') \
                     ORDER BY rowid LIMIT ?2";
    let mut last = i64::MIN;
    loop {
        let rows = connection.query(statement, [last.into(), BATCH.into()])?;
        for row in &rows {
            last = row.integer(0)?;
            if let Err(reason) = rewrite(connection, row)? {
                let user = row.text(1).unwrap_or("unreadable id");
                tracing::warn!(user, "email address left unchanged: {reason}");
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
    }
}

/// Normalizes one address, or returns the reason for not doing so.
fn rewrite(connection: &mut Connection<'_>, row: &Row) -> Result<Result<(), String>, DbError> {
    let Ok(stored) = row.text(2) else {
        return Ok(Err("it is not a text".into()));
    };
    let email = match Email::parse(stored) {
        Ok(email) => email,
        Err(invalid) => return Ok(Err(invalid.0)),
    };
    let statement = "UPDATE users SET email = ?2 WHERE rowid = ?1";
    let parameters = [row.integer(0)?.into(), email.as_str().into()];
    match connection.write(statement, parameters) {
        Ok(_) => Ok(Ok(())),
        Err(DbError::Unique(_)) => Ok(Err("another user has it".into())),
        Err(error) => Err(error),
    }
}
