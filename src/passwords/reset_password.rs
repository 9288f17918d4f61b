//! The reset-password endpoint: sets a new password with a reset link.

use axum::Json;
use axum::extract::State;
use serde_json::json;
use utoipa::ToSchema;

use super::policy::NewPassword;
use super::replacement::{check_names_and_breaches, take};
use super::reset_token::{HashedToken, PlainToken};
use super::{Message, hashing, store};
use crate::app::App;
use crate::events::Event;
use crate::events::action::PASSWORD_RESET;
use crate::http::body::{BODY_UNREADABLE, FromFields, ValidJson};
use crate::http::client::Client;
use crate::http::error::{Error, error_kinds};
use crate::http::fields::Fields;
use crate::http::openapi::responses::{DatabaseErrors, JsonErrors, error_responses};
use crate::mail::kinds::PASSWORD_CHANGED;
use crate::mail::notices;
use crate::metrics::counters::PASSWORD_RESETS;
use crate::platform::clock;
use crate::platform::timestamp::Timestamp;
use crate::sessions::ending::end_all_access;
use crate::settings::Settings;
use crate::throttle::store::known_networks::{self, History};
use crate::throttle::{self, ThrottleErrors};
use crate::users;
use crate::users::store::LoginNames;

const DONE: &str = "Password has been reset successfully";

error_kinds! {
    /// The reset token is unknown, used or expired.
    INVALID_RESET_TOKEN = BAD_REQUEST, "Invalid or expired reset token";
}

error_responses!(ResetTokenErrors {
    "The token is unknown, used or expired, or the body ended early" => [INVALID_RESET_TOKEN, BODY_UNREADABLE],
});

/// Reset the password
///
/// The token is valid once. All sessions of the user end, and no new session begins.
#[utoipa::path(
    post,
    path = "/api/v1/auth/reset-password",
    tag = "auth",
    request_body = ResetPasswordRequest,
    responses(
        (
            status = 200,
            description = "The password is changed",
            body = Message,
            example = json!({"message": DONE}),
        ),
        JsonErrors<ResetPasswordRequest>,
        ThrottleErrors,
        DatabaseErrors,
        ResetTokenErrors,
    )
)]
pub async fn reset_password(
    State(app): State<&'static App>,
    client: Client,
    ValidJson(request): ValidJson<ResetPasswordRequest>,
) -> Result<Json<Message>, Error> {
    let now = clock::now();
    let token = request.token.as_ref().map(PlainToken::hashed);
    let token = token.ok_or_else(refuse)?;
    let names = find_names(app, &token, now).await?;
    // Only the holder of a valid token learns the result, and the token stays valid.
    check_names_and_breaches(app, &request.new_password, &names).await?;
    // Hash before the transaction begins, because its lock would block all other writers.
    let hash = hashing::hash(app, &request.new_password).await?;

    let mut transaction = app.database.connect().await?.begin()?;
    let user = store::consume(&mut transaction, &token, now)?;
    let user = user.ok_or_else(refuse)?;
    let names = users::store::reset_password(&mut transaction, user, hash, now)?;
    end_all_access(&mut transaction, user)?;
    // The owner can log in from this network, regardless of earlier guesses at the old password.
    throttle::clear_all_failures(app, &mut transaction, &names, client.network)?;
    let hashed = app.networks.hash_client(&client);
    known_networks::record(&mut transaction, user, &hashed, History::default(), now)?;
    let event = Event {
        action: PASSWORD_RESET,
        user,
        detail: json!({}),
    };
    notices::record(
        app,
        &mut transaction,
        event,
        PASSWORD_CHANGED,
        None,
        &client,
        now,
    )?;
    transaction.commit()?;
    tracing::info!(%user, "password reset");
    PASSWORD_RESETS.count();
    Ok(Message::new(DONE))
}

/// The names of the user of a valid token. A token is valid as long as the key that it was made with is
/// configured, so that a new key ends all of them.
async fn find_names(app: &App, token: &HashedToken, now: Timestamp) -> Result<LoginNames, Error> {
    let found = store::find_names(&mut app.database.connect().await?, token, now)?;
    let (id, names) = found.ok_or_else(refuse)?;
    let issued = app.reset_tokens.reissue(id, token);
    issued.map(|_| names).ok_or_else(refuse)
}

fn refuse() -> Error {
    tracing::info!(
        reason = "unknown, used or expired token",
        "password reset refused"
    );
    INVALID_RESET_TOKEN.into()
}

/// A reset token and the new password.
#[derive(ToSchema)]
#[schema(example = json!({
    "token": "q3nD0vJ1y7cWm2kXo8pZ4tRb6sLf9uAe5hGiVxKzN0M",
    "new_password": "battery staple 2",
}))]
pub struct ResetPasswordRequest {
    /// The token from the reset link.
    #[schema(value_type = String)]
    token: Option<PlainToken>,
    /// At least one digit and one letter, at most 256 bytes. The service may require more than 6
    /// characters, or take any 8 characters instead of a digit and a letter. Refused are common
    /// passwords, and passwords that contain the username or the local part of the address. The
    /// service may also refuse passwords from data breaches.
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
        let new_password = take(fields, settings);
        Some(Self {
            token: PlainToken::received(&token?),
            new_password: new_password?,
        })
    }
}
