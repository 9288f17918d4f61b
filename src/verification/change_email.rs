//! The change-email endpoint: sends a mail that verifies the address that is to replace the user's.

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
use crate::http::response_time;
use crate::mail::verification_link;
use crate::platform::{clock, random};
use crate::sessions::confirmation::{ConfirmationErrors, confirm_password};
use crate::sessions::current_user::{AccessTokenErrors, CurrentUser};
use crate::settings::Settings;
use crate::throttle::limits::{CHANGE_EMAIL_BY_USER, VERIFICATION_MAIL};
use crate::throttle::{self, ThrottleErrors};
use crate::users::email::Email;

const SENT: &str =
    "A mail has been sent to the new address. Your address changes when you verify it.";

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
    let email = request.new_email.digest();
    let id = if throttle::is_within(app, &mut transaction, VERIFICATION_MAIL, email, now)? {
        let (email, language) = (request.new_email.as_str(), client.language);
        verification_link::queue_change(&mut transaction, &user, email, language, now)?
    } else {
        random::id()
    };
    transaction.commit()?;
    tracing::info!(user = %user.id, "change of address requested");
    response_time::conceal(started).await;
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
