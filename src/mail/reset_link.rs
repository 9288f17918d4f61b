//! Queues the mail with a link that resets the password.

use super::kinds::PASSWORD_RESET;
use super::{NewMail, store};
use crate::app::App;
use crate::db::{Connection, DbError};
use crate::languages::Language;
use crate::passwords;
use crate::platform::random;
use crate::platform::timestamp::Timestamp;

/// Queues a new link, which replaces older ones. For an unknown or disabled user it does the same work
/// without an effect.
pub fn queue(
    app: &App,
    connection: &mut Connection<'_>,
    email: &str,
    language: Language,
    now: Timestamp,
) -> Result<(), DbError> {
    let id = random::id();
    let token = app.reset_tokens.issue(id).hashed();
    let expires_at = now.plus(app.settings.passwords.reset_token_lifetime);
    passwords::store::replace(connection, id, email, &token, expires_at, now)?;
    let mail = NewMail::new(PASSWORD_RESET, language);
    store::insert_for_token(connection, &mail, id, now)
}
