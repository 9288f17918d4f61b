//! Extracts the current user and session from the access token of a request.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use headers::authorization::Bearer as BearerToken;
use headers::{Authorization, HeaderMapExt};
use secrecy::SecretString;
use uuid::Uuid;

use super::access_token::Bearer;
use super::cookie;
use super::store::{self, SessionUser};
use crate::app::App;
use crate::db::{Connection, DbError};
use crate::http::error::{Error, error_kinds};
use crate::http::openapi::responses::error_responses;
use crate::legacy;
use crate::platform::clock;
use crate::platform::timestamp::Timestamp;

error_kinds! {
    /// A protected route was called without a token.
    NOT_AUTHENTICATED = UNAUTHORIZED, "Not authenticated", with_bearer_challenge();
    /// The token is malformed or expired, has another type, or its user or session is gone.
    INVALID_ACCESS_TOKEN = UNAUTHORIZED, "Could not validate credentials", with_bearer_challenge();
}

error_responses!(AccessTokenErrors {
    "The token is missing or invalid" => [NOT_AUTHENTICATED, INVALID_ACCESS_TOKEN],
});

/// The current user. A route is protected by taking this extractor.
#[derive(Debug, Clone, Copy)]
pub struct CurrentUser {
    pub id: Uuid,
    /// Legacy access tokens have none.
    pub session: Option<Uuid>,
    /// The access token is in the cookie.
    pub is_from_cookie: bool,
}

impl FromRequestParts<&'static App> for CurrentUser {
    type Rejection = Error;

    async fn from_request_parts(request: &mut Parts, app: &&'static App) -> Result<Self, Error> {
        let now = clock::now();
        let bearer = verify(app, request, now)?;
        let mut connection = app.database.connect().await?;
        let is_alive = match bearer.session {
            Some(session) => store::is_alive(&mut connection, bearer.user, session, now)?,
            None => accepts_legacy(app, &mut connection, &bearer)?,
        };
        if is_alive {
            Ok(Self {
                id: bearer.user,
                session: bearer.session,
                is_from_cookie: !request.headers.contains_key(header::AUTHORIZATION),
            })
        } else {
            Err(INVALID_ACCESS_TOKEN.into())
        }
    }
}

/// The current session and its user.
pub struct CurrentSession {
    /// Legacy access tokens have none.
    pub id: Option<Uuid>,
    pub user_id: Uuid,
    pub user: SessionUser,
}

impl FromRequestParts<&'static App> for CurrentSession {
    type Rejection = Error;

    async fn from_request_parts(request: &mut Parts, app: &&'static App) -> Result<Self, Error> {
        let now = clock::now();
        let bearer = verify(app, request, now)?;
        let mut connection = app.database.connect().await?;
        let user = match bearer.session {
            Some(session) => store::find_user(&mut connection, bearer.user, session, now)?,
            None if accepts_legacy(app, &mut connection, &bearer)? => {
                store::find_user_without_session(&mut connection, bearer.user)?
            }
            None => None,
        };
        let mut user = user.ok_or(INVALID_ACCESS_TOKEN)?;
        let email = user.is_email_verified.then_some(user.email.as_str());
        user.role = app.settings.administrators.role(user.role, email);
        Ok(Self {
            id: bearer.session,
            user_id: bearer.user,
            user,
        })
    }
}

/// Verifies the access token in the `Authorization` header or, without that header, in the cookie. Its
/// session may have ended.
pub fn verify(app: &App, request: &Parts, now: Timestamp) -> Result<Bearer, Error> {
    let token = if request.headers.contains_key(header::AUTHORIZATION) {
        let authorization: Option<Authorization<BearerToken>> = request.headers.typed_get();
        authorization.map(|authorization| SecretString::from(authorization.token()))
    } else {
        cookie::access_token(app, request)?
    };
    let bearer = app
        .access_tokens
        .check(&token.ok_or(NOT_AUTHENTICATED)?, now);
    Ok(bearer.ok_or(INVALID_ACCESS_TOKEN)?)
}

fn accepts_legacy(
    app: &App,
    connection: &mut Connection<'_>,
    bearer: &Bearer,
) -> Result<bool, DbError> {
    let max_remaining = app.access_tokens.max_remaining_lifetime();
    let latest_issue_time = bearer.expires_at.plus(-max_remaining);
    legacy::store::accepts_access_token(connection, bearer.user, latest_issue_time)
}
