//! Log out: the end of a session.

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
        (status = 204, description = "There is no such session any more, if there ever was"),
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
        None => end_adopted(&mut connection, &request.refresh_token, now)?,
    }
    Ok(StatusCode::NO_CONTENT)
}

fn end_session(connection: &mut Connection<'_>, session: Uuid) -> Result<(), DbError> {
    if let Some(user) = store::delete(connection, session)? {
        tracing::info!(%user, %session, "logged out");
    }
    Ok(())
}

/// Ends what a refresh token of the predecessor stands for.
fn end_adopted(
    connection: &mut Connection<'_>,
    token: &SecretString,
    now: Timestamp,
) -> Result<(), DbError> {
    let mut state = legacy::store::find(connection, token, now)?;
    if state == Some(TokenState::Unused) && !legacy::store::log_out(connection, token)? {
        // A refresh was faster.
        state = legacy::store::find(connection, token, now)?;
    }
    match state {
        Some(TokenState::Became(session)) => end_session(connection, session),
        Some(TokenState::Unused) | None => Ok(()),
    }
}
