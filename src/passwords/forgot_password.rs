//! The forgot-password endpoint: sends a reset link by mail.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use utoipa::ToSchema;

use super::Message;
use crate::app::App;
use crate::http::body::{FromFields, ValidJson};
use crate::http::error::Error;
use crate::http::fields::Fields;
use crate::http::openapi::responses::{DatabaseErrors, JsonErrors};
use crate::http::response_time;
use crate::languages::Language;
use crate::mail::reset_link;
use crate::platform::clock;
use crate::settings::Settings;
use crate::throttle::limits::RESET_MAIL;
use crate::throttle::{self, ThrottleErrors};
use crate::users::email::Email;

const LINK_SENT: &str = "If the email exists, a reset link has been sent.";

/// Request a reset link
///
/// The response is the same whether or not a user has this address. A new link replaces older ones.
#[utoipa::path(
    post,
    path = "/api/v1/auth/forgot-password",
    tag = "auth",
    request_body = ForgotPasswordRequest,
    responses(
        (
            status = 202,
            description = "Accepted",
            body = Message,
            example = json!({"message": LINK_SENT}),
        ),
        JsonErrors<ForgotPasswordRequest>,
        ThrottleErrors,
        DatabaseErrors,
    )
)]
pub async fn forgot_password(
    State(app): State<&'static App>,
    language: Language,
    ValidJson(request): ValidJson<ForgotPasswordRequest>,
) -> Result<(StatusCode, Json<Message>), Error> {
    let started = clock::stopwatch();
    let now = clock::now();
    let connection = app.database.connect().await?;
    // Count within the transaction, so that there is always a commit, with or without a user, and
    // the timing matches.
    let mut transaction = connection.begin()?;
    let email = request.email.digest();
    if throttle::is_within(app, &mut transaction, RESET_MAIL, email, now)? {
        reset_link::queue(app, &mut transaction, request.email.as_str(), language, now)?;
    }
    transaction.commit()?;
    response_time::conceal(started).await;
    Ok((StatusCode::ACCEPTED, Message::new(LINK_SENT)))
}

/// A request for a reset link.
#[derive(ToSchema)]
#[schema(example = json!({"email": "tom@example.com"}))]
pub struct ForgotPasswordRequest {
    /// The email address of the account.
    #[schema(value_type = String, format = Email, max_length = 254)]
    email: Email,
}

impl FromFields for ForgotPasswordRequest {
    fn from_fields(fields: &mut Fields, _: &Settings) -> Option<Self> {
        let email = fields.required("email", Email::parse);
        Some(Self { email: email? })
    }
}
