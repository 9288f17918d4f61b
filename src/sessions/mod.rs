//! Sessions: login, refresh, logout, access tokens and refresh tokens.

pub mod access_token;
pub mod current_user;
pub mod login;
pub mod logout;
pub mod refresh;
pub mod refresh_token;
pub mod settings;
pub mod store;

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use self::access_token::SigningFailed;
use self::refresh_token::RefreshToken;
use crate::app::App;
use crate::http::body::FromFields;
use crate::http::error::Error;
use crate::http::fields::Fields;
use crate::platform::random;
use crate::platform::timestamp::Timestamp;
use crate::settings::Settings;
use crate::users::user::Role;

const EXAMPLE_REFRESH_TOKEN: &str = "cX1rNQ7mT0S5m8b3wKJtVwAAAAA.Zk3sUe9vQpRy2nLxB7cD1g";

/// The tokens of a session.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "access_token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJiMGY1ZDhmMi0zYzUzIn0.hP4Jn0kq9yZ2",
    "refresh_token": EXAMPLE_REFRESH_TOKEN,
    "token_type": "bearer",
    "expires_in": 1800,
}))]
pub struct Token {
    /// For the `Authorization` header of protected routes.
    access_token: String,
    /// For the refresh endpoint. Valid once.
    refresh_token: String,
    /// How to send the access token.
    token_type: TokenType,
    /// Lifetime of the access token, in seconds.
    expires_in: u64,
}

/// How to send an access token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenType {
    /// `Authorization: Bearer <token>` (RFC 6750, 2.1).
    Bearer,
}

impl Token {
    /// Issues the access token that goes with `refresh_token`.
    fn issue(
        app: &App,
        user: Uuid,
        role: Role,
        refresh_token: RefreshToken,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let id = random::id();
        let access_token = app
            .access_tokens
            .issue(user, refresh_token.session, role, id, now)?;
        let refresh_token = app.refresh_tokens.issue(refresh_token);
        Ok(Self {
            access_token: access_token.expose_secret().to_owned(),
            refresh_token: refresh_token.expose_secret().to_owned(),
            token_type: TokenType::Bearer,
            expires_in: app.access_tokens.lifetime_seconds(),
        })
    }
}

impl From<SigningFailed> for Error {
    fn from(error: SigningFailed) -> Self {
        anyhow::Error::from(error).into()
    }
}

/// A refresh token of a session to refresh or to end.
#[derive(ToSchema)]
#[schema(example = json!({"refresh_token": EXAMPLE_REFRESH_TOKEN}))]
pub struct RefreshTokenRequest {
    /// The session's current refresh token.
    #[schema(value_type = String)]
    refresh_token: SecretString,
}

impl FromFields for RefreshTokenRequest {
    fn from_fields(fields: &mut Fields, _: &Settings) -> Option<Self> {
        let refresh_token = fields.required_text("refresh_token");
        Some(Self {
            refresh_token: SecretString::from(refresh_token?),
        })
    }
}
