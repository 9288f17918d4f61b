//! The endpoint that deletes a user.

use axum::extract::State;
use axum::http::StatusCode;

use super::authority::{Administrator, FreshnessErrors};
use super::store::update;
use super::target::{LastAdminErrors, Target, TargetErrors, keep_last_administrator};
use crate::app::App;
use crate::deletion;
use crate::http::client::Client;
use crate::http::error::Error;
use crate::http::openapi::responses::DatabaseErrors;
use crate::platform::clock;
use crate::sessions::current_user::AccessTokenErrors;
use crate::throttle::ThrottleErrors;

/// Delete a user
///
/// At once and for good, with everything that is the user's. A mail says farewell. It takes a login within the
/// last 10 minutes.
#[utoipa::path(
    delete,
    path = "/api/v1/admin/users/{id}",
    tag = "admin",
    params(("id" = String, Path, description = "The user's id")),
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = []), ("AdminKey" = [])),
    responses(
        (status = 204, description = "The user is deleted"),
        ThrottleErrors,
        DatabaseErrors,
        AccessTokenErrors,
        FreshnessErrors,
        TargetErrors,
        LastAdminErrors,
    )
)]
pub async fn delete_user(
    State(app): State<&'static App>,
    administrator: Administrator,
    target: Target,
    client: Client,
) -> Result<StatusCode, Error> {
    let now = clock::now();
    administrator.require_fresh(now)?;
    let actor = administrator.actor();
    let mut transaction = app.database.connect().await?.begin()?;
    let managed = target.find(&mut transaction)?;
    keep_last_administrator(app, &mut transaction, &managed)?;
    update::delete_now(&mut transaction, target.0, now)?;
    deletion::delete(
        &mut transaction,
        target.0,
        Some(&actor),
        client.language,
        now,
    )?;
    transaction.commit()?;
    tracing::warn!(user = %target.0, actor, "account deleted by an administrator");
    Ok(StatusCode::NO_CONTENT)
}
