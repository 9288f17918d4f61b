//! The change-password endpoint: sets a new password for a user who knows the current one.

use axum::extract::State;
use axum::response::Response;
use secrecy::SecretString;
use serde_json::json;
use utoipa::ToSchema;

use super::policy::NewPassword;
use super::replacement::{check_names_and_breaches, take};
use super::{hashing, store};
use crate::app::App;
use crate::db::Connection;
use crate::events::Event;
use crate::events::action::PASSWORD_CHANGED;
use crate::http::body::{FromFields, ValidJson};
use crate::http::client::Client;
use crate::http::error::Error;
use crate::http::fields::Fields;
use crate::http::openapi::responses::{DatabaseErrors, JsonErrors};
use crate::mail::{kinds, notices};
use crate::platform::timestamp::Timestamp;
use crate::platform::{clock, random};
use crate::sessions::beginning::{Method, NewSession, begin_session};
use crate::sessions::confirmation::{ConfirmationErrors, INCORRECT_PASSWORD, confirm_password};
use crate::sessions::cookie::Jar;
use crate::sessions::current_user::{AccessTokenErrors, CurrentUser, INVALID_ACCESS_TOKEN};
use crate::sessions::refresh_token::RefreshToken;
use crate::sessions::store::own;
use crate::sessions::tokens::{Delivery, InCookies, SessionBody, Tokens};
use crate::settings::Settings;
use crate::throttle::{self, ThrottleErrors};
use crate::users::store::{Credentials, Lookup};
use crate::{legacy, sessions, users, verification};

/// Change my password
///
/// The session goes on with new tokens, and all others end. A session in cookies stays in cookies. A mail
/// tells the user. A wrong current password counts like a failed login.
#[utoipa::path(
    post,
    path = "/api/v1/auth/change-password",
    tag = "auth",
    request_body = ChangePasswordRequest,
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = [])),
    responses(
        (status = 200, description = "The next tokens of the session", body = SessionBody),
        JsonErrors<ChangePasswordRequest>,
        ThrottleErrors,
        DatabaseErrors,
        AccessTokenErrors,
        ConfirmationErrors,
    )
)]
pub async fn change_password(
    State(app): State<&'static App>,
    user: CurrentUser,
    client: Client,
    jar: Result<Jar, Error>,
    ValidJson(mut request): ValidJson<ChangePasswordRequest>,
) -> Result<Response, Error> {
    let delivery = Delivery::continuing(user, request.session.take(), jar)?;
    let owner = confirm_password(app, &client, user.id, &request.current_password).await?;
    check_names_and_breaches(app, &request.new_password, &owner.names).await?;
    // Hash before the transaction begins, because its lock would block all other writers.
    let hash = hashing::hash(app, &request.new_password).await?;

    let now = clock::now();
    let mut transaction = app.database.connect().await?.begin()?;
    if !users::store::change_password(&mut transaction, &owner, hash, now)? {
        tracing::info!(user = %user.id, "password not changed: another request has changed it");
        return Err(INCORRECT_PASSWORD.into());
    }
    let tokens = continue_session(app, &mut transaction, user, &owner, &client, now)?;
    legacy::store::void_all(&mut transaction, user.id)?;
    store::delete_unused(&mut transaction, user.id)?;
    verification::store::delete_change(&mut transaction, user.id)?;
    throttle::clear_all_failures(app, &mut transaction, &owner.names, client.network)?;
    let event = Event {
        action: PASSWORD_CHANGED,
        user: user.id,
        detail: json!({}),
    };
    let kind = kinds::PASSWORD_CHANGED;
    notices::record(app, &mut transaction, event, kind, None, &client, now)?;
    transaction.commit()?;
    tracing::info!(user = %user.id, "password changed");
    Ok(delivery.respond(app, &tokens))
}

/// Goes on with the session of the request under new tokens, and ends all others. An access token of a legacy
/// service has no session, so its user gets one.
fn continue_session(
    app: &App,
    connection: &mut Connection<'_>,
    user: CurrentUser,
    owner: &Credentials,
    client: &Client,
    now: Timestamp,
) -> Result<Tokens, Error> {
    let id = random::id();
    let Some(session) = user.session else {
        sessions::store::delete_all(connection, user.id)?;
        let owner = users::store::find_credentials(connection, &Lookup::Id(user.id))?;
        let owner = owner.ok_or(INVALID_ACCESS_TOKEN)?;
        let session = NewSession::new(app, id, Method::Password, client);
        let tokens = begin_session(app, connection, &owner, &session, now)?;
        return Ok(tokens.ok_or(INVALID_ACCESS_TOKEN)?);
    };
    let lifetime = app.settings.sessions.lifetime;
    let grant = own::renew(connection, owner, session, id, lifetime, now)?;
    // It has ended while the password was checked.
    let grant = grant.ok_or(INVALID_ACCESS_TOKEN)?;
    own::delete_others(connection, user.id, id)?;
    Tokens::issue(app, &grant, RefreshToken::first(id), now)
}

/// The current and the new password.
#[derive(ToSchema)]
#[schema(example = json!({
    "current_password": "correct horse 1",
    "new_password": "battery staple 2",
}))]
pub struct ChangePasswordRequest {
    /// The current password.
    #[schema(value_type = String, format = Password)]
    current_password: SecretString,
    /// The rules are those of a password reset.
    #[schema(
        value_type = String,
        format = Password,
        min_length = 6,
        max_length = 256,
        pattern = r"[0-9][\s\S]*[A-Za-z]|[A-Za-z][\s\S]*[0-9]"
    )]
    new_password: NewPassword,
    /// `cookie`: the client moves its session into cookies.
    #[schema(value_type = Option<String>, required = false, pattern = "^cookie$")]
    session: Option<InCookies>,
}

impl FromFields for ChangePasswordRequest {
    fn from_fields(fields: &mut Fields, settings: &Settings) -> Option<Self> {
        let current_password = fields.required_text("current_password");
        let new_password = take(fields, settings);
        let session = InCookies::take(fields);
        Some(Self {
            current_password: SecretString::from(current_password?),
            new_password: new_password?,
            session,
        })
    }
}
