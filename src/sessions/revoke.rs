//! The endpoint that ends one session of the current user.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use uuid::Uuid;

use super::current_user::{AccessTokenErrors, CurrentUser};
use super::store::{self, own};
use crate::app::App;
use crate::events;
use crate::events::store::Revocation;
use crate::http::client::Client;
use crate::http::error::{Error, NOT_FOUND};
use crate::http::openapi::responses::{CrossSiteErrors, DatabaseErrors, error_responses};
use crate::platform::clock;
use crate::throttle::ThrottleErrors;

error_responses!(RevokeErrors {
    "The user has no such session" => [NOT_FOUND],
});

/// End one of my sessions
///
/// Its refresh token and its access tokens stop working at once. It may be the session of the request.
#[utoipa::path(
    delete,
    path = "/api/v1/auth/sessions/{id}",
    tag = "auth",
    params(("id" = String, Path, description = "The id of the session, as in the list")),
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = [])),
    responses(
        (status = 204, description = "The session has ended"),
        ThrottleErrors,
        DatabaseErrors,
        AccessTokenErrors,
        CrossSiteErrors,
        RevokeErrors,
    )
)]
pub async fn revoke_session(
    State(app): State<&'static App>,
    user: CurrentUser,
    client: Client,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    let session = Uuid::parse_str(&id).map_err(|_| NOT_FOUND)?;
    let mut connection = app.database.connect().await?;
    if !own::exists(&mut connection, user.id, session)? {
        return Err(NOT_FOUND.into());
    }
    let mut transaction = connection.begin()?;
    let revocation = Revocation::by_user(user.id, session);
    events::record_revocation(app, &mut transaction, &revocation, &client, clock::now())?;
    store::delete(&mut transaction, session)?;
    transaction.commit()?;
    tracing::info!(user = %user.id, %session, "session revoked by its user");
    Ok(StatusCode::NO_CONTENT)
}
