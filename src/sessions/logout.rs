//! The logout endpoint: ends a session.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::ending::end;
use super::refresh_request::{RefreshRequest, RefreshTokenRequest};
use crate::app::App;
use crate::http::error::Error;
use crate::http::openapi::responses::{DatabaseErrors, JsonErrors};
use crate::platform::clock;
use crate::throttle::ThrottleErrors;

/// Log out
///
/// Ends the session: its refresh token and its access tokens stop working at once. Without a
/// token in the body, the one in the cookie counts, and the cookies are removed.
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
    request: RefreshRequest,
) -> Result<Response, Error> {
    let mut connection = app.database.connect().await?;
    end(app, &mut connection, &request.token, clock::now())?;
    Ok(request.delivery.respond_ended(app, StatusCode::NO_CONTENT))
}
