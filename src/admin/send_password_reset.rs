//! The endpoint that sends a user a link to choose a new password.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::json;

use super::authority::{Administrator, ChangeErrors};
use super::target::{Target, TargetErrors};
use crate::app::App;
use crate::events::action::PASSWORD_RESET_REQUESTED;
use crate::events::{self, Event};
use crate::http::client::Client;
use crate::http::error::{Error, error_kinds};
use crate::http::openapi::responses::{DatabaseErrors, error_responses};
use crate::mail::reset_link;
use crate::passwords::Message;
use crate::platform::clock;
use crate::sessions::current_user::AccessTokenErrors;
use crate::throttle::ThrottleErrors;

const SENT: &str = "The reset link has been sent.";

error_kinds! {
    /// A disabled user could not use the link.
    USER_IS_DISABLED = CONFLICT, "The user is disabled";
}

error_responses!(SendErrors {
    "The user is disabled" => [USER_IS_DISABLED],
});

/// Send a user a link to choose a new password
///
/// The same mail as for a forgotten password. The old password works until the user has chosen a new one.
#[utoipa::path(
    post,
    path = "/api/v1/admin/users/{id}/send-password-reset",
    tag = "admin",
    params(("id" = String, Path, description = "The user's id")),
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = []), ("AdminKey" = [])),
    responses(
        (status = 202, description = "The link will be sent", body = Message, example = json!({"message": SENT})),
        ThrottleErrors,
        DatabaseErrors,
        AccessTokenErrors,
        ChangeErrors,
        TargetErrors,
        SendErrors,
    )
)]
pub async fn send_password_reset(
    State(app): State<&'static App>,
    administrator: Administrator,
    target: Target,
    client: Client,
) -> Result<(StatusCode, Json<Message>), Error> {
    let now = clock::now();
    let actor = administrator.actor();
    let mut transaction = app.database.connect().await?.begin()?;
    let managed = target.find(&mut transaction)?;
    if managed.disabled_at.is_some() {
        return Err(USER_IS_DISABLED.into());
    }
    let email = &managed.user.email;
    reset_link::queue(app, &mut transaction, email, client.language, now)?;
    let event = Event {
        action: PASSWORD_RESET_REQUESTED,
        user: target.0,
        detail: json!({}),
    };
    events::record_by(app, &mut transaction, &actor, &event, &client, now)?;
    transaction.commit()?;
    tracing::info!(user = %target.0, actor, "reset link sent by an administrator");
    Ok((StatusCode::ACCEPTED, Message::new(SENT)))
}
