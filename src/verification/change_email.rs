//! The change-email endpoint: sends a mail that verifies the address that is to replace the user's.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use secrecy::SecretString;
use utoipa::ToSchema;

use super::{EXAMPLE_VERIFICATION, VerificationSent};
use crate::app::App;
use crate::http::body::{FromFields, ValidJson};
use crate::http::client::Client;
use crate::http::error::Error;
use crate::http::fields::Fields;
use crate::http::openapi::responses::{DatabaseErrors, JsonErrors};
use crate::mail::verification_link;
use crate::platform::{clock, instance_lock, random};
use crate::sessions::confirmation::{ConfirmationErrors, confirm_password};
use crate::sessions::current_user::{AccessTokenErrors, CurrentUser};
use crate::settings::Settings;
use crate::throttle::limits::{CHANGE_EMAIL_BY_USER, VERIFICATION_MAIL};
use crate::throttle::{self, TOO_MANY_REQUESTS, ThrottleErrors};
use crate::users::email::Email;

const SENT: &str =
    "A mail has been sent to the new address. Your address changes when you verify it.";

/// Responses take a multiple of this time after the password was checked, which is longer than the work, so
/// that timing does not reveal whether the address is taken.
const RESPONSE_STEP: Duration = Duration::from_millis(20);

/// Change the email address
///
/// Sends a mail to the new address. The old one stays in force until the new one is verified, and is told
/// then. The response is the same if the address is taken, and its owner gets a mail. A new request replaces
/// older ones.
#[utoipa::path(
    post,
    path = "/api/v1/auth/change-email",
    tag = "auth",
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = [])),
    request_body = ChangeEmailRequest,
    responses(
        (
            status = 202,
            description = "Accepted",
            body = VerificationSent,
            example = json!({"message": SENT, "verification_id": EXAMPLE_VERIFICATION}),
        ),
        JsonErrors<ChangeEmailRequest>,
        ThrottleErrors,
        DatabaseErrors,
        AccessTokenErrors,
        ConfirmationErrors,
    )
)]
pub async fn change_email(
    State(app): State<&'static App>,
    user: CurrentUser,
    client: Client,
    ValidJson(request): ValidJson<ChangeEmailRequest>,
) -> Result<(StatusCode, Json<VerificationSent>), Error> {
    let user = confirm_password(app, &client, user.id, &request.current_password).await?;
    let started = clock::stopwatch();
    let now = clock::now();
    let connection = app.database.connect().await?;
    let mut transaction = connection.begin()?;
    throttle::count(app, &mut transaction, CHANGE_EMAIL_BY_USER, user.id, now)?;
    let email = &request.new_email;
    let id = match throttle::count(
        app,
        &mut transaction,
        VERIFICATION_MAIL,
        email.digest(),
        now,
    ) {
        Ok(()) => {
            let (email, language) = (email.as_str(), client.language);
            verification_link::queue_change(&mut transaction, &user, email, language, now)?
        }
        Err(error) if error.is(TOO_MANY_REQUESTS) => random::id(),
        Err(error) => return Err(error),
    };
    transaction.commit()?;
    tracing::info!(user = %user.id, "change of address requested");
    let _released = instance_lock::release_while_waiting();
    clock::wait_for_whole_steps(started, RESPONSE_STEP).await;
    Ok((StatusCode::ACCEPTED, VerificationSent::new(SENT, id)))
}

/// A request to change the address.
#[derive(ToSchema)]
#[schema(example = json!({"new_email": "tom@example.org", "current_password": "correct horse 1"}))]
pub struct ChangeEmailRequest {
    /// The new email address, without a display name.
    #[schema(value_type = String, format = Email, max_length = 254)]
    new_email: Email,
    /// The current password.
    #[schema(value_type = String, format = Password)]
    current_password: SecretString,
}

impl FromFields for ChangeEmailRequest {
    fn from_fields(fields: &mut Fields, _: &Settings) -> Option<Self> {
        let new_email = fields.required("new_email", Email::parse);
        let current_password = fields.required_text("current_password");
        Some(Self {
            new_email: new_email?,
            current_password: SecretString::from(current_password?),
        })
    }
}
