//! Queues the mails with a link and a code that verify an address.

use uuid::Uuid;

use super::kinds::{EMAIL_CHANGE, EMAIL_TAKEN, VERIFY_EMAIL};
use super::{NewMail, store};
use crate::db::{Connection, DbError};
use crate::languages::Language;
use crate::platform::random;
use crate::platform::timestamp::Timestamp;
use crate::users::store::Credentials;
use crate::verification;

/// Queues a mail that verifies the address of its user, and replaces older ones. Returns the id of the
/// verification. For an unknown, verified or disabled user it does the same work without an effect, and
/// returns an id that looks the same.
pub fn queue(
    connection: &mut Connection<'_>,
    email: &str,
    language: Language,
    now: Timestamp,
) -> Result<Uuid, DbError> {
    let id = random::id();
    verification::store::replace(connection, id, email, now)?;
    let mail = NewMail::new(VERIFY_EMAIL, language);
    store::insert_for_verification(connection, &mail, id, now)?;
    Ok(id)
}

/// Queues a mail to the address that is to replace the user's. If the address is taken, its owner gets one
/// instead. Returns an id, which is that of the verification in the first case.
pub fn queue_change(
    connection: &mut Connection<'_>,
    user: &Credentials,
    new_email: &str,
    language: Language,
    now: Timestamp,
) -> Result<Uuid, DbError> {
    let id = random::id();
    verification::store::replace_change(connection, id, user, new_email, now)?;
    let mail = NewMail::new(EMAIL_CHANGE, language);
    store::insert_for_verification(connection, &mail, id, now)?;
    let mail = NewMail::new(EMAIL_TAKEN, language);
    store::insert_for_owner(connection, &mail, new_email, now)?;
    Ok(id)
}
