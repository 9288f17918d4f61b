//! Extracts who acts as an administrator, and decides what they may do.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use time::Duration;
use uuid::Uuid;

use super::store;
use crate::app::App;
use crate::http::bearer;
use crate::http::cross_site::CROSS_SITE;
use crate::http::error::{Error, error_kinds};
use crate::http::openapi::responses::error_responses;
use crate::platform::clock;
use crate::platform::timestamp::Timestamp;
use crate::sessions::current_user::{INVALID_ACCESS_TOKEN, verify};
use crate::users::user::Role;

/// How long after a login an administrator may do what cannot be undone. Longer, and an unattended or stolen
/// session could (OWASP ASVS 5.0, 7.5.3).
const FRESHNESS: Duration = Duration::minutes(10);

error_kinds! {
    /// The user is not an administrator.
    FORBIDDEN = FORBIDDEN, "Administrators only";
    /// The login is too long ago for what cannot be undone.
    REAUTHENTICATION_REQUIRED = FORBIDDEN, "Log in again to do this";
}

error_responses!(AuthorityErrors {
    "The user is not an administrator" => [FORBIDDEN],
});

error_responses!(ChangeErrors {
    "The user is not an administrator, or the request comes from a page of another site" => [
        FORBIDDEN,
        CROSS_SITE,
    ],
});

error_responses!(FreshnessErrors {
    "The user is not an administrator or logged in more than 10 minutes ago, or the request comes \
     from a page of another site" => [FORBIDDEN, REAUTHENTICATION_REQUIRED, CROSS_SITE],
});

/// An administrator: a user, or a machine with the key. A route is for administrators by taking this
/// extractor.
pub struct Administrator {
    /// `None` for a machine.
    user: Option<Uuid>,
    /// The session of the request.
    pub session: Option<Uuid>,
    /// When the session's user proved who they are.
    authenticated_at: Option<Timestamp>,
}

impl Administrator {
    /// The machine in the events. Its name is public and never changes.
    const KEY: &str = "admin_api_key";

    /// Who acts, as events have it.
    pub fn actor(&self) -> String {
        match self.user {
            Some(user) => user.to_string(),
            None => Self::KEY.to_owned(),
        }
    }

    /// Whose account an event is about that has no other user: the nil id for a machine.
    pub fn account(&self) -> Uuid {
        self.user.unwrap_or_default()
    }

    /// Allows what cannot be undone.
    ///
    /// # Errors
    /// `REAUTHENTICATION_REQUIRED`: the login is more than 10 minutes ago.
    pub fn require_fresh(&self, now: Timestamp) -> Result<(), Error> {
        let since = now.plus(-FRESHNESS);
        let is_fresh = self.authenticated_at.is_some_and(|at| at >= since);
        if self.user.is_none() || is_fresh {
            return Ok(());
        }
        Err(REAUTHENTICATION_REQUIRED.into())
    }
}

impl FromRequestParts<&'static App> for Administrator {
    type Rejection = Error;

    async fn from_request_parts(request: &mut Parts, app: &&'static App) -> Result<Self, Error> {
        if bearer::has_token(&request.headers, app.settings.admin.api_key.as_ref()) {
            return Ok(Self {
                user: None,
                session: None,
                authenticated_at: None,
            });
        }
        let now = clock::now();
        let token = verify(app, request, now)?;
        // Legacy tokens have no session, and their clients refresh them into one.
        let session = token.session.ok_or(INVALID_ACCESS_TOKEN)?;
        let mut connection = app.database.connect().await?;
        let found = store::find_authority(&mut connection, token.user, session, now)?;
        let found = found.ok_or(INVALID_ACCESS_TOKEN)?;
        if found.standing.role_by(&app.settings.administrators) != Role::Admin {
            tracing::warn!(user = %token.user, "administration refused: not an administrator");
            return Err(FORBIDDEN.into());
        }
        Ok(Self {
            user: Some(token.user),
            session: Some(session),
            authenticated_at: found.authenticated_at,
        })
    }
}
