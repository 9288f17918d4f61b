//! Forgotten passwords: a reset link by mail.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use utoipa::ToSchema;

use super::{Message, store};
use crate::app::App;
use crate::db::Connection;
use crate::http::body::{FromFields, ValidJson};
use crate::http::error::Error;
use crate::http::fields::Fields;
use crate::http::openapi::responses::{DatabaseErrors, JsonErrors};
use crate::languages::Language;
use crate::mail::kinds::PASSWORD_RESET;
use crate::mail::{self, NewMail};
use crate::platform::timestamp::Timestamp;
use crate::platform::{clock, random, turn};
use crate::settings::Settings;
use crate::throttle::limits::RESET_MAIL;
use crate::throttle::{self, TOO_MANY_REQUESTS, ThrottleErrors};
use crate::users::email::Email;

const LINK_SENT: &str = "If the email exists, a reset link has been sent.";

/// The answer to a request for a link comes after a whole number of these: longer than the work
/// takes, whether there is a user to write rows for or not (measured: half a millisecond
/// apart, some milliseconds in all).
const ANSWER_STEP: Duration = Duration::from_millis(20);

/// Request a reset link
///
/// The answer is the same whether a user has this address or not. A new link replaces the older
/// ones.
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
    let began = clock::stopwatch();
    let now = clock::now();
    let connection = app.database.connect().await?;
    // The count is part of the transaction: with or without a user there is something to commit,
    // and it takes its time.
    let mut transaction = connection.begin()?;
    let email = request.email.digest();
    match throttle::count(app, &mut transaction, RESET_MAIL, email, now) {
        Ok(()) => put_link_into_outbox(app, &mut transaction, &request.email, language, now)?,
        Err(error) if error.is(TOO_MANY_REQUESTS) => {}
        Err(error) => return Err(error),
    }
    transaction.commit()?;
    let _others_come = turn::let_others_come();
    clock::wait_for_whole_steps(began, ANSWER_STEP).await;
    Ok((StatusCode::ACCEPTED, Message::new(LINK_SENT)))
}

fn put_link_into_outbox(
    app: &App,
    connection: &mut Connection<'_>,
    email: &Email,
    language: Language,
    now: Timestamp,
) -> Result<(), Error> {
    let id = random::id();
    let token = app.reset_tokens.issue(id).hashed();
    let expires_at = now.plus(app.settings.passwords.reset_token_lifetime);
    store::replace(connection, id, email, &token, expires_at, now)?;
    let mail = NewMail {
        id: random::id(),
        kind: PASSWORD_RESET,
        language,
    };
    mail::store::insert_for_token(connection, mail, id, now)?;
    Ok(())
}

/// Who forgot their password.
#[derive(ToSchema)]
#[schema(example = json!({"email": "tom@example.com"}))]
pub struct ForgotPasswordRequest {
    /// The address that the user registered with.
    #[schema(value_type = String, format = Email, max_length = 254)]
    email: Email,
}

impl FromFields for ForgotPasswordRequest {
    fn from_fields(fields: &mut Fields, _: &Settings) -> Option<Self> {
        let email = fields.required("email", Email::parse);
        Some(Self { email: email? })
    }
}
