//! The endpoint that ends a user's sessions.

use axum::extract::State;
use axum::http::StatusCode;

use super::authority::{Administrator, ChangeErrors};
use super::target::{Target, TargetErrors};
use crate::app::App;
use crate::events;
use crate::events::store::Revocation;
use crate::http::client::Client;
use crate::http::error::Error;
use crate::http::openapi::responses::DatabaseErrors;
use crate::platform::clock;
use crate::sessions::current_user::AccessTokenErrors;
use crate::sessions::ending::end_all;
use crate::throttle::ThrottleErrors;

/// End a user's sessions
///
/// All of them, with their tokens, at once. The user can log in again.
#[utoipa::path(
    delete,
    path = "/api/v1/admin/users/{id}/sessions",
    tag = "admin",
    params(("id" = String, Path, description = "The user's id")),
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = []), ("AdminKey" = [])),
    responses(
        (status = 204, description = "The sessions have ended"),
        ThrottleErrors,
        DatabaseErrors,
        AccessTokenErrors,
        ChangeErrors,
        TargetErrors,
    )
)]
pub async fn end_user_sessions(
    State(app): State<&'static App>,
    administrator: Administrator,
    target: Target,
    client: Client,
) -> Result<StatusCode, Error> {
    let now = clock::now();
    let actor = administrator.actor();
    let mut transaction = app.database.connect().await?.begin()?;
    target.find(&mut transaction)?;
    let revocation = Revocation::of_all(target.0, &actor);
    events::record_revocation(app, &mut transaction, &revocation, &client, now)?;
    end_all(&mut transaction, target.0)?;
    transaction.commit()?;
    tracing::info!(user = %target.0, actor, "sessions ended by an administrator");
    Ok(StatusCode::NO_CONTENT)
}
