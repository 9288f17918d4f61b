//! The reset-password endpoint: sets a new password with a reset link.

use axum::Json;
use axum::extract::State;
use serde_json::json;
use utoipa::ToSchema;

use super::password::NewPassword;
use super::reset_token::PlainToken;
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
use crate::platform::clock;
use crate::sessions::ending::end_all_access;
use crate::settings::Settings;
use crate::throttle::store::known_networks::{self, NetworkHistory};
use crate::throttle::{self, ThrottleErrors};
use crate::users;

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
    let mut connection = app.database.connect().await?;
    let token = request.token.as_ref().map(PlainToken::hashed);
    let token = token.ok_or_else(refuse)?;
    if !store::is_usable(&mut connection, &token, now)? {
        return Err(refuse());
    }
    // Hash before the transaction begins, because its lock would block all other writers.
    let hash = hashing::hash(app, &request.new_password).await?;

    let mut transaction = connection.begin()?;
    let user = store::consume(&mut transaction, &token, now)?;
    let user = user.ok_or_else(refuse)?;
    let names = users::store::reset_password(&mut transaction, user, hash, now)?;
    end_all_access(&mut transaction, user)?;
    // The owner can log in from this network, regardless of earlier guesses at the old password.
    throttle::clear_all_failures(app, &mut transaction, &names, client.network)?;
    let network = app.networks.hash(client.network);
    let history = NetworkHistory::default();
    known_networks::record(&mut transaction, user, &network, history, now)?;
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
    Ok(Message::new(DONE))
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
        let policy = settings.passwords.policy;
        let new_password = fields.required("new_password", |text| policy.parse(text));
        Some(Self {
            token: PlainToken::received(&token?),
            new_password: new_password?,
        })
    }
}
