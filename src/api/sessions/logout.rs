//! Log out: the end of a session.

use axum::extract::State;
use axum::http::StatusCode;

use super::RefreshTokenRequest;
use crate::app::App;
use crate::error::Error;
use crate::error::responses::{DatabaseErrors, JsonErrors};
use crate::extract::body::ValidJson;
use crate::store::{predecessor, sessions};

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
        DatabaseErrors,
    )
)]
pub async fn logout(
    State(app): State<&'static App>,
    ValidJson(request): ValidJson<RefreshTokenRequest>,
) -> Result<StatusCode, Error> {
    let mut connection = app.database.connect().await?;
    match app.refresh_tokens.read(&request.refresh_token) {
        Some(token) => sessions::delete(&mut connection, token.session)?,
        None => predecessor::void(&mut connection, &request.refresh_token)?,
    }
    Ok(StatusCode::NO_CONTENT)
}
