//! The endpoint that ends all other sessions of the current user.

use axum::extract::State;
use axum::http::StatusCode;
use uuid::Uuid;

use super::current_user::{AccessTokenErrors, CurrentUser};
use super::store::own;
use crate::app::App;
use crate::events::store::Revocation;
use crate::http::client::Client;
use crate::http::error::Error;
use crate::http::openapi::responses::{CrossSiteErrors, DatabaseErrors};
use crate::platform::clock;
use crate::throttle::ThrottleErrors;
use crate::{events, legacy};

/// End all my other sessions
///
/// Only the session of the request goes on. Tokens of a legacy service end, too.
#[utoipa::path(
    delete,
    path = "/api/v1/auth/sessions",
    tag = "auth",
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = [])),
    responses(
        (status = 204, description = "The other sessions have ended"),
        ThrottleErrors,
        DatabaseErrors,
        AccessTokenErrors,
        CrossSiteErrors,
    )
)]
pub async fn revoke_other_sessions(
    State(app): State<&'static App>,
    user: CurrentUser,
    client: Client,
) -> Result<StatusCode, Error> {
    let kept = user.session.unwrap_or(Uuid::nil());
    let mut transaction = app.database.connect().await?.begin()?;
    let revocation = Revocation::of_others(user.id, kept);
    events::record_revocation(app, &mut transaction, &revocation, &client, clock::now())?;
    own::delete_others(&mut transaction, user.id, kept)?;
    legacy::store::void_all(&mut transaction, user.id)?;
    transaction.commit()?;
    tracing::info!(user = %user.id, "other sessions revoked by their user");
    Ok(StatusCode::NO_CONTENT)
}
