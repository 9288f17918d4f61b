//! The endpoint that marks a user's address as verified.

use axum::Json;
use axum::extract::State;
use serde_json::json;

use super::authority::{Administrator, ChangeErrors};
use super::target::{Target, TargetErrors};
use super::user::AdminUser;
use crate::app::App;
use crate::events::action::EMAIL_VERIFIED;
use crate::events::{self, Event};
use crate::http::client::Client;
use crate::http::error::Error;
use crate::http::openapi::responses::DatabaseErrors;
use crate::platform::clock;
use crate::sessions::current_user::AccessTokenErrors;
use crate::throttle::ThrottleErrors;
use crate::users;

/// Mark a user's address as verified
///
/// For an administrator who knows that the address is the user's. A verified one stays as it is.
#[utoipa::path(
    post,
    path = "/api/v1/admin/users/{id}/verify-email",
    tag = "admin",
    params(("id" = String, Path, description = "The user's id")),
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = []), ("AdminKey" = [])),
    responses(
        (status = 200, description = "The user", body = AdminUser),
        ThrottleErrors,
        DatabaseErrors,
        AccessTokenErrors,
        ChangeErrors,
        TargetErrors,
    )
)]
pub async fn verify_user_email(
    State(app): State<&'static App>,
    administrator: Administrator,
    target: Target,
    client: Client,
) -> Result<Json<AdminUser>, Error> {
    let now = clock::now();
    let actor = administrator.actor();
    let mut transaction = app.database.connect().await?.begin()?;
    let managed = target.find(&mut transaction)?;
    if !managed.user.is_email_verified {
        users::store::verify_email(&mut transaction, target.0, now)?;
        let event = Event {
            action: EMAIL_VERIFIED,
            user: target.0,
            detail: json!({}),
        };
        events::record_by(app, &mut transaction, &actor, &event, &client, now)?;
        tracing::info!(user = %target.0, actor, "address verified by an administrator");
    }
    let managed = target.find(&mut transaction)?;
    transaction.commit()?;
    Ok(Json(AdminUser::new(app, managed)))
}
