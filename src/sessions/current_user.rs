//! The user who calls, by the access token of the request.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use headers::authorization::Bearer;
use headers::{Authorization, HeaderMapExt};
use secrecy::SecretString;
use uuid::Uuid;

use super::store;
use crate::app::App;
use crate::http::error::{Error, ErrorKind};
use crate::http::openapi::responses::error_answers;
use crate::legacy;
use crate::platform::clock;

/// A protected route, and no token.
pub const NOT_AUTHENTICATED: ErrorKind = ErrorKind::new(
    StatusCode::UNAUTHORIZED,
    "NOT_AUTHENTICATED",
    "Not authenticated",
)
.asking_for_token();

/// A token that is bad, expired, of another type, or whose user or session is gone.
pub const INVALID_ACCESS_TOKEN: ErrorKind = ErrorKind::new(
    StatusCode::UNAUTHORIZED,
    "INVALID_ACCESS_TOKEN",
    "Could not validate credentials",
)
.asking_for_token();

error_answers!(AccessTokenErrors {
    "No token, or not a good one" => [NOT_AUTHENTICATED, INVALID_ACCESS_TOKEN],
});

/// The user who calls. Taking it as an argument is what protects a route.
#[derive(Debug, Clone, Copy)]
pub struct CurrentUser {
    /// The user.
    pub id: Uuid,
}

impl FromRequestParts<&'static App> for CurrentUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &&'static App) -> Result<Self, Error> {
        let authorization: Option<Authorization<Bearer>> = parts.headers.typed_get();
        let token = authorization.ok_or(NOT_AUTHENTICATED)?;
        let token = SecretString::from(token.token());
        let now = clock::now();
        let bearer = app
            .access_tokens
            .check(&token, now)
            .ok_or(INVALID_ACCESS_TOKEN)?;
        let mut connection = app.database.connect().await?;
        let is_alive = match bearer.session {
            Some(session) => store::is_alive(&mut connection, bearer.user, session, now)?,
            None => {
                let latest_issue = bearer.expires_at.plus(-app.access_tokens.longest_life());
                legacy::store::may_speak_for(&mut connection, bearer.user, latest_issue)?
            }
        };
        if is_alive {
            Ok(Self { id: bearer.user })
        } else {
            Err(INVALID_ACCESS_TOKEN.into())
        }
    }
}
