//! The tokens of a session, and how a response delivers them.

use axum::Json;
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use time::Duration;
use utoipa::ToSchema;

use super::EXAMPLE_REFRESH_TOKEN;
use super::access_token::SigningFailed;
use super::cookie::Jar;
use super::current_user::CurrentUser;
use super::refresh_token::RefreshToken;
use super::store::Grant;
use crate::app::App;
use crate::http::error::Error;
use crate::http::error::validation::Refusal;
use crate::http::fields::Fields;
use crate::platform::random;
use crate::platform::timestamp::Timestamp;

/// The tokens of a session, for exactly one client.
pub struct Tokens {
    pub access: SecretString,
    pub refresh: SecretString,
    /// Time until the session expires unless it is refreshed.
    pub session_lifetime: Duration,
}

impl Tokens {
    /// Issues the access token that goes with `refresh_token`.
    pub fn issue(
        app: &App,
        grant: &Grant,
        refresh_token: RefreshToken,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let session = refresh_token.session;
        let id = random::id();
        let role = grant.standing.role_by(&app.settings.administrators);
        let access = app
            .access_tokens
            .issue(grant.user, session, role, id, now)?;
        Ok(Self {
            access,
            refresh: app.refresh_tokens.issue(refresh_token),
            session_lifetime: Duration::seconds(grant.expires_at.unix() - now.unix()),
        })
    }
}

impl From<SigningFailed> for Error {
    fn from(error: SigningFailed) -> Self {
        anyhow::Error::from(error).into()
    }
}

/// How the client gets the tokens of its session.
pub enum Delivery {
    /// In the body, for the client to keep.
    Body,
    /// In cookies, which no script can read.
    Cookies(Jar),
}

impl Delivery {
    /// The way that a request has chosen. `jar` tells whether it may choose cookies.
    pub fn new(choice: Option<InCookies>, jar: Result<Jar, Error>) -> Result<Self, Error> {
        match choice {
            Some(InCookies) => jar.map(Self::Cookies),
            None => Ok(Self::Body),
        }
    }

    /// The way for a client with a session: one from cookies stays in cookies.
    pub fn continuing(
        user: CurrentUser,
        choice: Option<InCookies>,
        jar: Result<Jar, Error>,
    ) -> Result<Self, Error> {
        if user.is_from_cookie {
            jar.map(Self::Cookies)
        } else {
            Self::new(choice, jar)
        }
    }

    /// The response that delivers the tokens.
    pub fn respond(&self, app: &App, tokens: &Tokens) -> Response {
        let expires_in = app.access_tokens.lifetime_seconds();
        match self {
            Self::Body => {
                let token = Token {
                    access_token: tokens.access.expose_secret().to_owned(),
                    refresh_token: tokens.refresh.expose_secret().to_owned(),
                    token_type: TokenType::Bearer,
                    expires_in,
                };
                Json(token).into_response()
            }
            Self::Cookies(jar) => {
                (jar.set(app, tokens), Json(CookieSession { expires_in })).into_response()
            }
        }
    }

    /// Adds to a response that the session has ended.
    pub fn respond_ended(&self, app: &App, response: impl IntoResponse) -> Response {
        match self {
            Self::Body => response.into_response(),
            Self::Cookies(jar) => (jar.clear(app), response).into_response(),
        }
    }
}

/// The choice of a session in cookies: the field `session` with the value `cookie`.
pub struct InCookies;

impl InCookies {
    pub const NAME: &str = "cookie";

    /// Takes the choice from the fields of a request. On another value, the error is recorded.
    pub fn take(fields: &mut Fields) -> Option<Self> {
        fields.optional("session", |text| {
            let refusal = || Refusal::Pattern("^cookie$");
            (text == Self::NAME).then_some(Self).ok_or_else(refusal)
        })
    }
}

/// A session in the body or in cookies.
#[derive(ToSchema)]
#[schema(example = json!({
    "access_token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJiMGY1ZDhmMi0zYzUzIn0.hP4Jn0kq9yZ2",
    "refresh_token": EXAMPLE_REFRESH_TOKEN,
    "token_type": "bearer",
    "expires_in": 1800,
}))]
#[serde(untagged)]
#[expect(dead_code, reason = "for the OpenAPI description")]
pub enum SessionBody {
    /// By default.
    Token(Token),
    /// If the session is in cookies.
    Cookie(CookieSession),
}

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

/// A session in cookies. The body has no token that a script could keep.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"expires_in": 1800}))]
pub struct CookieSession {
    /// Lifetime of the access token, in seconds.
    expires_in: u64,
}
