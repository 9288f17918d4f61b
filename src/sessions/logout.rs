//! The logout endpoint: ends a session.

use axum::extract::State;
use axum::http::StatusCode;
use secrecy::SecretString;
use uuid::Uuid;

use super::{RefreshTokenRequest, store};
use crate::app::App;
use crate::db::{Connection, DbError};
use crate::http::body::ValidJson;
use crate::http::error::Error;
use crate::http::openapi::responses::{DatabaseErrors, JsonErrors};
use crate::legacy;
use crate::legacy::store::TokenState;
use crate::platform::clock;
use crate::platform::timestamp::Timestamp;
use crate::throttle::ThrottleErrors;

/// Log out
///
/// Ends the session: its refresh token and its access tokens stop working at once.
#[utoipa::path(
    post,
    path = "/api/v1/auth/logout",
    tag = "auth",
    request_body = RefreshTokenRequest,
    responses(
        (status = 204, description = "The session has ended, or never existed"),
        JsonErrors<RefreshTokenRequest>,
        ThrottleErrors,
        DatabaseErrors,
    )
)]
pub async fn logout(
    State(app): State<&'static App>,
    ValidJson(request): ValidJson<RefreshTokenRequest>,
) -> Result<StatusCode, Error> {
    let now = clock::now();
    let mut connection = app.database.connect().await?;
    match app.refresh_tokens.read(&request.refresh_token) {
        Some(token) => end_session(&mut connection, token.session)?,
        None => log_out_legacy(&mut connection, &request.refresh_token, now)?,
    }
    Ok(StatusCode::NO_CONTENT)
}

fn end_session(connection: &mut Connection<'_>, session: Uuid) -> Result<(), DbError> {
    if let Some(user) = store::delete(connection, session)? {
        tracing::info!(%user, %session, "logged out");
    }
    Ok(())
}

/// Logs out a legacy refresh token, or ends the session that it was exchanged for.
fn log_out_legacy(
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
