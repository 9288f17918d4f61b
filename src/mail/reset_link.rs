//! Queues the mail with a link that resets the password.

use time::Duration;

use super::kinds::{INVITATION, MailKind, PASSWORD_RESET};
use super::{NewMail, store};
use crate::app::App;
use crate::db::{Connection, DbError};
use crate::languages::Language;
use crate::passwords;
use crate::platform::random;
use crate::platform::timestamp::Timestamp;

/// How long an invitation can be accepted: people read their mail within a week.
pub const INVITATION_LIFETIME: Duration = Duration::days(7);

/// Queues a new link, which replaces older ones. For an unknown or disabled user it does the same work
/// without an effect.
pub fn queue(
    app: &App,
    connection: &mut Connection<'_>,
    email: &str,
    language: Language,
    now: Timestamp,
) -> Result<(), DbError> {
    let lifetime = app.settings.passwords.reset_token_lifetime;
    queue_for(
        app,
        connection,
        email,
        PASSWORD_RESET,
        lifetime,
        language,
        now,
    )
}

/// Queues a link with which an invited user chooses the first password.
pub fn queue_invitation(
    app: &App,
    connection: &mut Connection<'_>,
    email: &str,
    language: Language,
    now: Timestamp,
) -> Result<(), DbError> {
    let lifetime = INVITATION_LIFETIME;
    queue_for(app, connection, email, INVITATION, lifetime, language, now)
}

fn queue_for(
    app: &App,
    connection: &mut Connection<'_>,
    email: &str,
    kind: MailKind,
    lifetime: Duration,
    language: Language,
    now: Timestamp,
) -> Result<(), DbError> {
    let id = random::id();
    let token = app.reset_tokens.issue(id).hashed();
    let expires_at = now.plus(lifetime);
    passwords::store::replace(connection, id, email, &token, expires_at, now)?;
    let mail = NewMail::new(kind, language);
    store::insert_for_token(connection, &mail, id, now)
}
