//! The endpoint that enables a user.

use axum::Json;
use axum::extract::State;
use serde_json::json;

use super::authority::{Administrator, ChangeErrors};
use super::store::disabling;
use super::target::{Target, TargetErrors};
use super::user::AdminUser;
use crate::app::App;
use crate::events::action::USER_ENABLED;
use crate::events::{self, Event};
use crate::http::client::Client;
use crate::http::error::Error;
use crate::http::openapi::responses::DatabaseErrors;
use crate::platform::clock;
use crate::sessions::current_user::AccessTokenErrors;
use crate::throttle::ThrottleErrors;

/// Enable a user
///
/// The user logs in anew. A user who is not disabled stays as they are.
#[utoipa::path(
    post,
    path = "/api/v1/admin/users/{id}/enable",
    tag = "admin",
    params(("id" = String, Path, description = "The user's id")),
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = []), ("AdminKey" = [])),
    responses(
        (status = 200, description = "The enabled user", body = AdminUser),
        ThrottleErrors,
        DatabaseErrors,
        AccessTokenErrors,
        ChangeErrors,
        TargetErrors,
    )
)]
pub async fn enable_user(
    State(app): State<&'static App>,
    administrator: Administrator,
    target: Target,
    client: Client,
) -> Result<Json<AdminUser>, Error> {
    let now = clock::now();
    let actor = administrator.actor();
    let mut transaction = app.database.connect().await?.begin()?;
    target.find(&mut transaction)?;
    if disabling::enable(&mut transaction, target.0)? {
        let event = Event {
            action: USER_ENABLED,
            user: target.0,
            detail: json!({}),
        };
        events::record_by(app, &mut transaction, &actor, &event, &client, now)?;
        tracing::info!(user = %target.0, actor, "user enabled by an administrator");
    }
    let managed = target.find(&mut transaction)?;
    transaction.commit()?;
    Ok(Json(AdminUser::new(app, managed)))
}
