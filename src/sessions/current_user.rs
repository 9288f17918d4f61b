//! Extracts the current user from the access token of a request.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use headers::authorization::Bearer;
use headers::{Authorization, HeaderMapExt};
use secrecy::SecretString;
use uuid::Uuid;

use super::store;
use crate::app::App;
use crate::http::error::{Error, error_kinds};
use crate::http::openapi::responses::error_responses;
use crate::legacy;
use crate::platform::clock;

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
                let latest_issue_time = bearer
                    .expires_at
                    .plus(-app.access_tokens.max_remaining_lifetime());
                legacy::store::accepts_access_token(
                    &mut connection,
                    bearer.user,
                    latest_issue_time,
                )?
            }
        };
        if is_alive {
            Ok(Self { id: bearer.user })
        } else {
            Err(INVALID_ACCESS_TOKEN.into())
        }
    }
}
