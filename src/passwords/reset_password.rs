//! Forgotten passwords: a link by mail, and a new password by the link.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::email::Email;
use crate::domain::language::Language;
use crate::domain::password::NewPassword;
use crate::domain::reset_token::PlainToken;
use crate::domain::throttle::RESET_MAIL;
use crate::domain::timestamp::Timestamp;
use crate::error::Error;
use crate::error::responses::{DatabaseErrors, JsonErrors, ResetTokenErrors};
use crate::extract::body::{FromFields, ValidJson};
use crate::extract::client::ClientAddress;
use crate::extract::fields::Fields;
use crate::hashing;
use crate::platform::{clock, random, turn};
use crate::settings::Settings;
use crate::store::db::Connection;
use crate::store::known_networks::{self, Standing};
use crate::store::{outbox, predecessor, reset_tokens, sessions, users};
use crate::throttle;

const LINK_SENT: &str = "If the email exists, a reset link has been sent.";
const PASSWORD_RESET: &str = "Password has been reset successfully";

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
        Err(Error::TooManyRequests { .. }) => {}
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
    let expires_at = now.plus(app.settings.reset_token_lifetime);
    reset_tokens::replace(connection, id, email, &token, expires_at, now)?;
    outbox::insert_password_reset(connection, random::id(), id, language, now)?;
    Ok(())
}

/// Choose a new password by a reset link
///
/// The token is good once. All sessions of the user end, and nobody is logged in.
#[utoipa::path(
    post,
    path = "/api/v1/auth/reset-password",
    tag = "auth",
    request_body = ResetPasswordRequest,
    responses(
        (
            status = 200,
            description = "The new password is in force",
            body = Message,
            example = json!({"message": PASSWORD_RESET}),
        ),
        JsonErrors<ResetPasswordRequest>,
        DatabaseErrors,
        ResetTokenErrors,
    )
)]
pub async fn reset_password(
    State(app): State<&'static App>,
    network: ClientAddress,
    language: Language,
    ValidJson(request): ValidJson<ResetPasswordRequest>,
) -> Result<Json<Message>, Error> {
    let now = clock::now();
    let mut connection = app.database.connect().await?;
    let token = request.token.as_ref().map(PlainToken::hashed);
    let token = token.ok_or_else(refuse)?;
    if !reset_tokens::is_usable(&mut connection, &token, now)? {
        return Err(refuse());
    }
    // Hashed before the transaction begins: it would keep all other requests from writing meanwhile.
    let hash = hashing::hash(app, &request.new_password).await?;

    let mut transaction = connection.begin()?;
    let user = reset_tokens::consume(&mut transaction, &token, now)?;
    let user = user.ok_or_else(refuse)?;
    let names = users::set_password(&mut transaction, user, hash, now)?;
    sessions::delete_all(&mut transaction, user)?;
    predecessor::void_all(&mut transaction, user)?;
    // The owner may log in from here with the new password, whatever guesses at the old one there were.
    throttle::forgive_all(app, &mut transaction, &names, network)?;
    let network = app.networks.hash(network);
    known_networks::record(&mut transaction, user, &network, Standing::default(), now)?;
    outbox::insert_password_changed(&mut transaction, random::id(), user, language, now)?;
    transaction.commit()?;
    tracing::info!(%user, "password reset");
    Ok(Message::new(PASSWORD_RESET))
}

fn refuse() -> Error {
    tracing::info!(
        reason = "unknown, used or expired token",
        "password reset refused"
    );
    Error::InvalidResetToken
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

/// What to do with a reset link.
#[derive(ToSchema)]
#[schema(example = json!({
    "token": "q3nD0vJ1y7cWm2kXo8pZ4tRb6sLf9uAe5hGiVxKzN0M",
    "new_password": "battery staple 2",
}))]
pub struct ResetPasswordRequest {
    /// The token of the link.
    #[schema(value_type = String)]
    token: Option<PlainToken>,
    /// At least one digit and one letter; at most 256 bytes. The service may ask for more than 6
    /// characters.
    #[schema(
        value_type = String,
        format = Password,
        min_length = 6,
        max_length = 256,
        pattern = r"[0-9][\s\S]*[A-Za-z]|[A-Za-z][\s\S]*[0-9]"
    )]
    new_password: NewPassword,
}

impl FromFields for ResetPasswordRequest {
    fn from_fields(fields: &mut Fields, settings: &Settings) -> Option<Self> {
        let token = fields.required_text("token");
        let policy = settings.password_policy;
        let new_password = fields.required("new_password", |text| policy.parse(text));
        Some(Self {
            token: PlainToken::received(&token?),
            new_password: new_password?,
        })
    }
}

/// What was done, for a person.
#[derive(Serialize, ToSchema)]
pub struct Message {
    /// What was done.
    message: &'static str,
}

impl Message {
    fn new(message: &'static str) -> Json<Self> {
        Json(Self { message })
    }
}
