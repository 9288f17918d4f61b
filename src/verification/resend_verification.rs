//! The resend-verification endpoint: sends another verification mail.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use utoipa::ToSchema;

use super::settings::VerificationMode;
use super::{EXAMPLE_VERIFICATION, VerificationSent};
use crate::app::App;
use crate::http::body::{FromFields, ValidJson};
use crate::http::error::Error;
use crate::http::fields::Fields;
use crate::http::openapi::responses::{DatabaseErrors, JsonErrors};
use crate::http::response_time;
use crate::languages::Language;
use crate::mail::verification_link;
use crate::platform::{clock, random};
use crate::settings::Settings;
use crate::throttle::limits::VERIFICATION_MAIL;
use crate::throttle::{self, ThrottleErrors};
use crate::users::email::Email;

const SENT: &str = "If the email address still has to be verified, a mail has been sent.";

/// Request another verification mail
///
/// The response is the same whether or not a user has this address, verified or not. A new mail replaces
/// older ones.
#[utoipa::path(
    post,
    path = "/api/v1/auth/resend-verification",
    tag = "auth",
    request_body = ResendVerificationRequest,
    responses(
        (
            status = 202,
            description = "Accepted",
            body = VerificationSent,
            example = json!({"message": SENT, "verification_id": EXAMPLE_VERIFICATION}),
        ),
        JsonErrors<ResendVerificationRequest>,
        ThrottleErrors,
        DatabaseErrors,
    )
)]
pub async fn resend_verification(
    State(app): State<&'static App>,
    language: Language,
    ValidJson(request): ValidJson<ResendVerificationRequest>,
) -> Result<(StatusCode, Json<VerificationSent>), Error> {
    let started = clock::stopwatch();
    let now = clock::now();
    let connection = app.database.connect().await?;
    // Count within the transaction, so that there is always a commit, with or without a user, and
    // the timing matches.
    let mut transaction = connection.begin()?;
    let is_off = app.settings.verification == VerificationMode::Off;
    let email = request.email.digest();
    let is_within = throttle::is_within(app, &mut transaction, VERIFICATION_MAIL, email, now)?;
    let id = if is_within && !is_off {
        verification_link::queue(&mut transaction, request.email.as_str(), language, now)?
    } else {
        random::id()
    };
    transaction.commit()?;
    response_time::conceal(started).await;
    Ok((StatusCode::ACCEPTED, VerificationSent::new(SENT, id)))
}

/// A request for another verification mail.
#[derive(ToSchema)]
#[schema(example = json!({"email": "tom@example.com"}))]
pub struct ResendVerificationRequest {
    /// The email address of the account.
    #[schema(value_type = String, format = Email, max_length = 254)]
    email: Email,
}

impl FromFields for ResendVerificationRequest {
    fn from_fields(fields: &mut Fields, _: &Settings) -> Option<Self> {
        let email = fields.required("email", Email::parse);
        Some(Self { email: email? })
    }
}
