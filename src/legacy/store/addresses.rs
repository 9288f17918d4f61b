//! Brings the email addresses that a predecessor stored into the form that logins look for.

use crate::db::{Connection, DbError, Row};
use crate::users::email::Email;

/// How many users are held in memory at once.
const BATCH: i64 = 1000;

/// Rewrites every address that is not in lower case or not ASCII: its user could not log in with it,
/// and its mailbox could get a second account. One that another user has already, or that is none,
/// is left as it is and logged by its user's id.
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
                let user = row.text(1).unwrap_or("whose id is no text");
                tracing::warn!(user, "email address left as it is: {reason}");
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
    }
}

/// Rewrites one address, or says why not.
fn rewrite(connection: &mut Connection<'_>, row: &Row) -> Result<Result<(), String>, DbError> {
    let Ok(stored) = row.text(2) else {
        return Ok(Err("it is no text".into()));
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
