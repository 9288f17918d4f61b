//! The endpoint that returns the current user.

use axum::Json;
use axum::extract::State;

use super::Account;
use crate::app::App;
use crate::http::error::Error;
use crate::http::openapi::responses::DatabaseErrors;
use crate::sessions::current_user::{AccessTokenErrors, CurrentUser, INVALID_ACCESS_TOKEN};
use crate::users;

/// Get the current user
///
/// The user of the access token, as stored now.
#[utoipa::path(
    get,
    path = "/api/v1/auth/me",
    tag = "auth",
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = [])),
    responses(
        (status = 200, description = "The user", body = Account),
        DatabaseErrors,
        AccessTokenErrors,
    )
)]
pub async fn me(
    State(app): State<&'static App>,
    user: CurrentUser,
) -> Result<Json<Account>, Error> {
    let mut connection = app.database.connect().await?;
    let user = users::find(app, &mut connection, user.id)?;
    // Deleted since the token was checked.
    let user = user.ok_or(INVALID_ACCESS_TOKEN)?;
    Ok(Json(user.into()))
}
