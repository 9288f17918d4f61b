//! Ends the session of a refresh token, or all of a user.

use secrecy::SecretString;
use uuid::Uuid;

use super::store;
use crate::app::App;
use crate::db::{Connection, DbError};
use crate::legacy;
use crate::legacy::store::TokenState;
use crate::platform::timestamp::Timestamp;
use crate::verification;

/// Ends the session of a refresh token, whether or not a newer token has been issued. An unknown token
/// has no session.
pub fn end(
    app: &App,
    connection: &mut Connection<'_>,
    token: &SecretString,
    now: Timestamp,
) -> Result<(), DbError> {
    match app.refresh_tokens.read(token) {
        Some(token) => end_session(connection, token.session),
        None => end_legacy(connection, token, now),
    }
}

/// Ends all sessions of a user, those of the legacy service too.
pub fn end_all(connection: &mut Connection<'_>, user: Uuid) -> Result<(), DbError> {
    store::delete_all(connection, user)?;
    legacy::store::void_all(connection, user)
}

/// Ends what a thief of the password may have begun: all sessions, and a change of the address.
pub fn end_all_access(connection: &mut Connection<'_>, user: Uuid) -> Result<(), DbError> {
    end_all(connection, user)?;
    verification::store::delete_all(connection, user)
}

fn end_session(connection: &mut Connection<'_>, session: Uuid) -> Result<(), DbError> {
    if let Some(user) = store::delete(connection, session)? {
        tracing::info!(%user, %session, "logged out");
    }
    Ok(())
}

/// Ends a legacy refresh token, or the session that it was exchanged for.
fn end_legacy(
    connection: &mut Connection<'_>,
    token: &SecretString,
    now: Timestamp,
) -> Result<(), DbError> {
    let mut state = legacy::store::find(connection, token, now)?;
    if state == Some(TokenState::Unused) && !legacy::store::log_out(connection, token)? {
        // A concurrent refresh has exchanged it.
        state = legacy::store::find(connection, token, now)?;
    }
    match state {
        Some(TokenState::Exchanged(session)) => end_session(connection, session),
        Some(TokenState::Unused) | None => Ok(()),
    }
}
