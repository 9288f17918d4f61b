//! The outbox: the queue of mails.

use std::sync::atomic::{AtomicBool, Ordering};

use uuid::Uuid;

use super::kinds::{Link, MailKind};
use super::{DueMail, NewMail, Notice, Subject};
use crate::db::{Connection, DbError, Row};
use crate::languages::Language;
use crate::passwords::reset_token::HashedToken;
use crate::platform::sqlite::Value;
use crate::platform::timestamp::Timestamp;
use crate::users::store::LoginNames;
use crate::verification;

/// The due time of a mail that was set aside.
pub const NEVER: i64 = i64::MAX;

/// Whether this instance has queued mail since the last check.
static HAS_NEW_MAIL: AtomicBool = AtomicBool::new(false);

/// Returns and clears the flag. A false positive costs one read.
pub fn take_new_mail_flag() -> bool {
    HAS_NEW_MAIL.swap(false, Ordering::Relaxed)
}

/// Queues a mail with a link for a token, due at once. If the token does not exist, it does the
/// same work without an effect.
pub fn insert_for_token(
    connection: &mut Connection<'_>,
    mail: &NewMail,
    token: Uuid,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = "INSERT INTO outbox (id, kind, user_id, reset_token_id, language, due_at, \
                     queued_at) SELECT ?1, ?2, user_id, id, ?4, ?5, ?5 FROM password_reset_tokens WHERE id = ?3";
    insert(connection, statement, mail, token.to_string(), [], now)
}

/// Queues a mail with a link for a verification, to the address that is verified, due at once. If the
/// verification does not exist, it does the same work without an effect.
pub fn insert_for_verification(
    connection: &mut Connection<'_>,
    mail: &NewMail,
    verification: Uuid,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = "INSERT INTO outbox (id, kind, user_id, recipient, verification_id, language, \
                     due_at, queued_at) SELECT ?1, ?2, user_id, email, id, ?4, ?5, ?5 \
                     FROM email_verifications WHERE id = ?3";
    insert(
        connection,
        statement,
        mail,
        verification.to_string(),
        [],
        now,
    )
}

/// Queues a mail to the user with this address, due at once. Without such a user, it does the same work
/// without an effect.
pub fn insert_for_owner(
    connection: &mut Connection<'_>,
    mail: &NewMail,
    email: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = "INSERT INTO outbox (id, kind, user_id, language, due_at, queued_at) \
                     SELECT ?1, ?2, id, ?4, ?5, ?5 FROM users \
                     WHERE email = ?3 AND disabled_at IS NULL";
    insert(connection, statement, mail, email, [], now)
}

/// Queues a notice, due at once.
pub fn insert_notice(
    connection: &mut Connection<'_>,
    notice: &Notice,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = "INSERT INTO outbox (id, kind, user_id, recipient, event_id, detail, language, \
                     due_at, queued_at) \
                     VALUES (?1, ?2, ?3, nullif(?6, ''), ?7, ?8, ?4, ?5, ?5)";
    let more = [
        notice.recipient.as_deref().unwrap_or_default().into(),
        notice.event.into(),
        notice.detail.to_string().into(),
    ];
    let user = notice.user.to_string();
    insert(connection, statement, &notice.mail, user, more, now)
}

/// Queues the notice of a login, if the user has logged in before. If a power cut undoes it, it undoes the
/// session, too.
pub fn insert_sign_in(
    connection: &mut Connection<'_>,
    mail: &NewMail,
    user: Uuid,
    session: Uuid,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = "INSERT INTO outbox (id, kind, user_id, event_id, detail, language, due_at, \
                     queued_at) SELECT ?1, ?2, user_id, id, json_set(detail, '$.time', \
                     strftime('%Y-%m-%d %H:%M', at, 'unixepoch')), ?4, ?5, ?5 FROM events \
                     WHERE user_id = ?3 AND action = 'session.created' \
                     AND json_extract(detail, '$.session_id') = ?6 \
                     AND EXISTS (SELECT 1 FROM known_networks WHERE user_id = ?3) \
                     ORDER BY id DESC LIMIT 1 RETURNING id";
    let parameters = [
        mail.id.to_string().into(),
        mail.kind.name.into(),
        user.to_string().into(),
        mail.language.code().into(),
        now.unix().into(),
        session.to_string().into(),
    ];
    if connection
        .write_replayable_one(statement, parameters)?
        .is_some()
    {
        HAS_NEW_MAIL.store(true, Ordering::Relaxed);
    }
    Ok(())
}

/// Queues a farewell, due at once. Nothing but the mail itself has its address.
pub fn insert_farewell(
    connection: &mut Connection<'_>,
    mail: &NewMail,
    names: &LoginNames,
    now: Timestamp,
) -> Result<(), DbError> {
    let statement = "INSERT INTO outbox (id, kind, recipient, detail, language, due_at, queued_at) \
                     VALUES (?1, ?2, ?3, json_object('username', ?6), ?4, ?5, ?5)";
    let more = [names.username.as_str().into()];
    insert(connection, statement, mail, names.email.as_str(), more, now)
}

/// Runs the statement that queues a mail. Its parameters are id, kind, subject, language, time, and more.
fn insert<const N: usize>(
    connection: &mut Connection<'_>,
    statement: &str,
    mail: &NewMail,
    subject: impl Into<Value>,
    more: [Value; N],
    now: Timestamp,
) -> Result<(), DbError> {
    let parameters = [
        mail.id.to_string().into(),
        mail.kind.name.into(),
        subject.into(),
        mail.language.code().into(),
        now.unix().into(),
    ];
    connection.write(statement, parameters.into_iter().chain(more))?;
    HAS_NEW_MAIL.store(true, Ordering::Relaxed);
    Ok(())
}

/// Number of queued mails, counted up to a thousand.
pub fn count(connection: &mut Connection<'_>) -> Result<i64, DbError> {
    let row = connection.query_one("SELECT count(*) FROM (SELECT 1 FROM outbox LIMIT 1000)", [])?;
    row.map_or(Ok(0), |row| row.integer(0))
}

/// Takes the mail that has been due the longest, and leases it until `retry_at`: no other instance
/// takes it before, and unless it is deleted or postponed, it becomes due again then. If a power
/// cut undoes this write or the recorded result, the provider gets the same mail again under the
/// same key.
pub fn take_due(
    connection: &mut Connection<'_>,
    now: Timestamp,
    retry_at: Timestamp,
) -> Result<Option<DueMail>, DbError> {
    let statement = "UPDATE outbox SET attempts = attempts + 1, due_at = ?2 \
                     WHERE id = (SELECT id FROM outbox WHERE due_at <= ?1 ORDER BY due_at LIMIT 1) \
                     RETURNING id, kind, attempts, language, rowid, \
                     coalesce(recipient, (SELECT email FROM users WHERE id = user_id)), \
                     coalesce((SELECT username FROM users WHERE id = user_id), \
                     json_extract(detail, '$.username'), ''), \
                     coalesce(detail, '{}'), \
                     EXISTS (SELECT 1 FROM password_reset_tokens t \
                     JOIN users u ON u.id = t.user_id WHERE t.id = reset_token_id \
                     AND (t.expires_at <= ?3 OR u.disabled_at IS NOT NULL)) \
                     OR EXISTS (SELECT 1 FROM email_verifications v \
                     JOIN users u ON u.id = v.user_id WHERE v.id = verification_id \
                     AND (v.created_at <= ?4 OR u.disabled_at IS NOT NULL)), \
                     reset_token_id, \
                     (SELECT token FROM password_reset_tokens WHERE id = reset_token_id), event_id, \
                     verification_id";
    loop {
        let parameters = [
            now.unix().into(),
            retry_at.unix().into(),
            now.to_sql().into(),
            verification::store::oldest(now).into(),
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

/// Sets an unreadable mail's due time to never, so that it does not block the queue and an operator
/// can inspect it.
fn set_aside(connection: &mut Connection<'_>, row: &Row, error: &DbError) -> Result<(), DbError> {
    let mail = row.text(0).unwrap_or("unreadable id");
    tracing::error!(mail, cause = %error, "mail set aside: it cannot be read");
    let statement = "UPDATE outbox SET due_at = ?2 WHERE rowid = ?1";
    let parameters = [row.integer(4)?.into(), NEVER.into()];
    connection.write(statement, parameters).map(drop)
}

fn due_mail(row: &Row) -> Result<DueMail, DbError> {
    let kind = row.read(1, MailKind::named)?;
    let subject = match kind.link {
        Link::ResetToken(_) => Subject::ResetToken {
            id: row.uuid(9)?,
            hashed: HashedToken::from_stored(row.text(10)?),
        },
        Link::Verification => Subject::Verification(row.uuid(12)?),
        Link::Page(_) => Subject::Nothing,
        Link::NotMe => Subject::Event(row.integer(11).ok()),
    };
    Ok(DueMail {
        id: row.uuid(0)?,
        kind,
        subject,
        attempts: row.number(2)?,
        language: row.read(3, Language::from_code)?,
        to: row.text(5)?.to_owned(),
        username: row.text(6)?.to_owned(),
        detail: row.read(7, |text| serde_json::from_str(text).ok())?,
        is_stale: row.integer(8)? != 0,
    })
}

pub fn postpone(
    connection: &mut Connection<'_>,
    mail: Uuid,
    due_at: Timestamp,
) -> Result<(), DbError> {
    let statement = "UPDATE outbox SET due_at = ?2 WHERE id = ?1";
    let parameters = [mail.to_string().into(), due_at.unix().into()];
    connection.write_replayable(statement, parameters).map(drop)
}

/// Deletes a mail that was sent or given up.
pub fn delete(connection: &mut Connection<'_>, mail: Uuid) -> Result<(), DbError> {
    let statement = "DELETE FROM outbox WHERE id = ?1";
    let parameters = [mail.to_string().into()];
    connection.write_replayable(statement, parameters).map(drop)
}
