//! What handlers take from a request: the current user, and bodies that satisfy their rules.

pub mod body;
pub mod client;
pub mod fields;
mod language;
#[cfg(test)]
mod proptests;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use uuid::Uuid;

use crate::app::App;
use crate::domain::secret::Secret;
use crate::error::Error;
use crate::platform::clock;
use crate::store::{predecessor, sessions};

/// The user who calls. Taking it as an argument is what protects a route.
#[derive(Debug, Clone, Copy)]
pub struct CurrentUser {
    /// The user.
    pub id: Uuid,
}

impl FromRequestParts<&'static App> for CurrentUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &&'static App) -> Result<Self, Error> {
        let token = bearer_token(parts).ok_or(Error::NotAuthenticated)?;
        let now = clock::now();
        let bearer = app
            .access_tokens
            .check(&token, now)
            .ok_or(Error::InvalidAccessToken)?;
        let mut connection = app.database.connect().await?;
        let is_alive = match bearer.session {
            Some(session) => sessions::is_alive(&mut connection, bearer.user, session, now)?,
            None => {
                let latest_issue = bearer.expires_at.plus(-app.access_tokens.longest_life());
                predecessor::may_speak_for(&mut connection, bearer.user, latest_issue)?
            }
        };
        if is_alive {
            Ok(Self { id: bearer.user })
        } else {
            Err(Error::InvalidAccessToken)
        }
    }
}

/// The token of `Authorization: Bearer <token>`; the scheme's case does not matter (RFC 7235, 2.1).
fn bearer_token(parts: &Parts) -> Option<Secret> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| Secret::new(token))
}
