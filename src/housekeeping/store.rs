//! What there is to do between requests, found without writing.

use uuid::Uuid;

use crate::captcha;
use crate::db::{Connection, DbError};
use crate::platform::timestamp::Timestamp;
use crate::sessions::store::EXPIRED_AMONG_SOME;
use crate::throttle::limits::MAX_STRANGERS_IN_A_ROW;

/// What there is to do.
#[derive(Default)]
pub struct Work {
    /// Mail is due.
    pub mail: bool,
    /// Counts hold nobody back any more.
    pub throttle: bool,
    /// Guesses are forgotten.
    pub guesses: bool,
    /// Used challenges would not be taken any more.
    pub captcha: bool,
    /// Refresh tokens of the predecessor have expired.
    pub predecessor: bool,
    /// Sessions have expired, of those that were looked at.
    pub sessions: bool,
}

/// Looks for it all in one statement: mostly there is nothing, and then nobody has to wait for
/// the right to write. Of the sessions it looks at some `from` an identifier on.
pub fn look(connection: &mut Connection<'_>, from: Uuid, now: Timestamp) -> Result<Work, DbError> {
    let statement = format!(
        "SELECT EXISTS (SELECT 1 FROM outbox WHERE due_at <= ?1), \
         EXISTS (SELECT 1 FROM throttle WHERE full_at <= ?1), \
         EXISTS (SELECT 1 FROM password_guesses WHERE forget_at <= ?1 AND in_a_row < ?5), \
         EXISTS (SELECT 1 FROM used_challenges WHERE expires_at <= ?3), \
         EXISTS (SELECT 1 FROM refresh_tokens WHERE refresh_token >= 'ey' \
         AND refresh_token < 'ez' AND expires_at <= ?4), EXISTS {EXPIRED_AMONG_SOME}"
    );
    let parameters = [
        now.unix().into(),
        from.to_string().into(),
        captcha::store::past(now).into(),
        now.to_sql().into(),
        MAX_STRANGERS_IN_A_ROW.into(),
    ];
    let row = connection.query_one(&statement, parameters)?;
    let Some(row) = row else {
        return Ok(Work::default());
    };
    Ok(Work {
        mail: row.integer(0)? != 0,
        throttle: row.integer(1)? != 0,
        guesses: row.integer(2)? != 0,
        captcha: row.integer(3)? != 0,
        predecessor: row.integer(4)? != 0,
        sessions: row.integer(5)? != 0,
    })
}
