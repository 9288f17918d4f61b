//! The outbox: mail that is to be sent.

use std::sync::atomic::{AtomicBool, Ordering};

use uuid::Uuid;

use super::kinds::{Link, MailKind};
use super::{DueMail, LinkToken, NewMail};
use crate::db::{Connection, DbError, Row};
use crate::languages::Language;
use crate::passwords::reset_token::HashedToken;
use crate::platform::timestamp::Timestamp;

/// Whether this instance has put mail into the outbox since it last looked.
static IS_ANNOUNCED: AtomicBool = AtomicBool::new(false);

/// Whether mail was put into the outbox since the last call. One announcement too many costs a look.
pub fn take_announcement() -> bool {
    IS_ANNOUNCED.swap(false, Ordering::Relaxed)
}

/// Puts a mail with the link of a token into the outbox, due at once. It is the same work, without a
/// result, where there is no such token.
pub fn insert_for_token(
    connection: &mut Connection<'_>,
    mail: NewMail,
    token: Uuid,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = "INSERT INTO outbox (id, kind, user_id, reset_token_id, language, due_at) \
                     SELECT ?1, ?2, user_id, id, ?4, ?5 FROM password_reset_tokens WHERE id = ?3";
    insert(connection, statement, mail, token, now)
}

/// Puts a mail to a user into the outbox, due at once.
pub fn insert_for_user(
    connection: &mut Connection<'_>,
    mail: NewMail,
    user: Uuid,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = "INSERT INTO outbox (id, kind, user_id, language, due_at) \
                     VALUES (?1, ?2, ?3, ?4, ?5)";
    insert(connection, statement, mail, user, now)
}

fn insert(
    connection: &mut Connection<'_>,
    statement: &str,
    mail: NewMail,
    about: Uuid,
    now: Timestamp,
) -> Result<(), DbError> {
    let parameters = [
        mail.id.to_string().into(),
        mail.kind.name.into(),
        about.to_string().into(),
        mail.language.code().into(),
        now.unix().into(),
    ];
    connection.write(statement, parameters)?;
    IS_ANNOUNCED.store(true, Ordering::Relaxed);
    Ok(())
}

/// How many mails wait to be sent, as far as they are counted: up to a thousand.
pub fn count(connection: &mut Connection<'_>) -> Result<i64, DbError> {
    let row = connection.query_one("SELECT count(*) FROM (SELECT 1 FROM outbox LIMIT 1000)", [])?;
    row.map_or(Ok(0), |row| row.integer(0))
}

/// Takes the mail that has been due for longest. Until `retry_at` no other instance takes it, and if
/// nobody deletes it or puts it back by then, it is due again. If a power cut takes this back, or
/// what was noted of its delivery, the provider is sent the same mail again under the same key.
pub fn take_due(
    connection: &mut Connection<'_>,
    now: Timestamp,
    retry_at: Timestamp,
) -> Result<Option<DueMail>, DbError> {
    let statement = "UPDATE outbox SET attempts = attempts + 1, due_at = ?2 \
                     WHERE id = (SELECT id FROM outbox WHERE due_at <= ?1 ORDER BY due_at LIMIT 1) \
                     RETURNING id, kind, reset_token_id, attempts, \
                     (SELECT email FROM users WHERE id = user_id), \
                     (SELECT username FROM users WHERE id = user_id), \
                     EXISTS (SELECT 1 FROM password_reset_tokens t \
                     JOIN users u ON u.id = t.user_id WHERE t.id = reset_token_id \
                     AND (t.expires_at <= ?3 OR u.disabled_at IS NOT NULL)), language, rowid, \
                     (SELECT token FROM password_reset_tokens WHERE id = reset_token_id)";
    loop {
        let parameters = [
            now.unix().into(),
            retry_at.unix().into(),
            now.to_sql().into(),
        ];
        let Some(row) = connection.write_replayable_one(statement, parameters)? else {
            return Ok(None);
        };
        match due_mail(&row) {
            Ok(mail) => return Ok(Some(mail)),
            Err(error) => set_aside(connection, &row, &error)?,
        }
    }
}

/// Makes a mail that cannot be read due never, so that it keeps no other waiting; it stays to be
/// looked into.
fn set_aside(connection: &mut Connection<'_>, row: &Row, error: &DbError) -> Result<(), DbError> {
    let mail = row.text(0).unwrap_or("whose id is no text");
    tracing::error!(mail, cause = %error, "mail set aside: it cannot be read");
    let statement = "UPDATE outbox SET due_at = ?2 WHERE rowid = ?1";
    let parameters = [row.integer(8)?.into(), i64::MAX.into()];
    connection.write(statement, parameters).map(drop)
}

fn due_mail(row: &Row) -> Result<DueMail, DbError> {
    let kind = row.read(1, MailKind::named)?;
    let token = match kind.link {
        Link::To(_) => None,
        Link::WithToken(_) => Some(LinkToken {
            id: row.uuid(2)?,
            hashed: HashedToken::from_stored(row.text(9)?),
        }),
    };
    Ok(DueMail {
        id: row.uuid(0)?,
        kind,
        token,
        attempts: row.number(3)?,
        to: row.text(4)?.to_owned(),
        username: row.text(5)?.to_owned(),
        is_stale: row.integer(6)? != 0,
        language: row.read(7, Language::from_code)?,
    })
}

/// Puts a mail off until it is to be tried again.
pub fn put_off(
    connection: &mut Connection<'_>,
    mail: Uuid,
    due_at: Timestamp,
) -> Result<(), DbError> {
    let statement = "UPDATE outbox SET due_at = ?2 WHERE id = ?1";
    let parameters = [mail.to_string().into(), due_at.unix().into()];
    connection.write_replayable(statement, parameters).map(drop)
}

/// Forgets a mail that was sent or given up.
pub fn delete(connection: &mut Connection<'_>, mail: Uuid) -> Result<(), DbError> {
    let statement = "DELETE FROM outbox WHERE id = ?1";
    let parameters = [mail.to_string().into()];
    connection.write_replayable(statement, parameters).map(drop)
}
