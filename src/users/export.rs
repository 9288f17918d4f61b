//! The endpoint that exports what the service knows of the current user.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::Account;
use crate::app::App;
use crate::events::list::EventPublic;
use crate::http::error::Error;
use crate::http::openapi::responses::DatabaseErrors;
use crate::platform::clock;
use crate::sessions::current_user::{AccessTokenErrors, CurrentUser, INVALID_ACCESS_TOKEN};
use crate::sessions::list::SessionEntry;
use crate::throttle::ThrottleErrors;
use crate::{events, sessions, users};

/// The newest events that an export has: some 500 KB at most.
const MAX_EVENTS: i64 = 1000;
const ATTACHMENT: (HeaderName, &str) = (
    header::CONTENT_DISPOSITION,
    "attachment; filename=\"account.json\"",
);

/// Export my account
///
/// Everything that the service knows of the user, without secrets, as a file: the profile, the sessions, and
/// the newest thousand events.
#[utoipa::path(
    get,
    path = "/api/v1/auth/export",
    tag = "auth",
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = [])),
    responses(
        (
            status = 200,
            description = "The account",
            body = Export,
        ),
        ThrottleErrors,
        DatabaseErrors,
        AccessTokenErrors,
    )
)]
pub async fn export(
    State(app): State<&'static App>,
    user: CurrentUser,
) -> Result<([(HeaderName, &'static str); 1], Json<Export>), Error> {
    let now = clock::now();
    let mut connection = app.database.connect().await?;
    let profile = users::find(app, &mut connection, user.id)?.ok_or(INVALID_ACCESS_TOKEN)?;
    let sessions = sessions::store::own::list(&mut connection, user.id, now)?;
    let events = events::store::page(&mut connection, user.id, i64::MAX, MAX_EVENTS)?;
    let entry = |session| SessionEntry::new(session, user.session);
    let export = Export {
        exported_at: now.to_rfc3339(),
        profile: profile.into(),
        sessions: sessions.into_iter().map(entry).collect(),
        events: events.into_iter().map(EventPublic::from).collect(),
        identities: [],
    };
    tracing::info!(user = %user.id, "account exported");
    Ok(([ATTACHMENT], Json(export)))
}

/// Everything that the service knows of a user, without secrets.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "exported_at": "2026-11-28T20:15:00Z",
    "profile": {
        "email": "tom@example.com",
        "username": "Tom",
        "id": "b0f5d8f2-3c53-4c0e-9c59-6f1f0a1f7a52",
        "account_role": "REGULAR",
        "account_subscription": "FREE",
        "subscription_expires_at": null,
        "created_at": "2026-11-22T11:46:27Z",
        "email_verified": true,
        "mfa": false,
    },
    "sessions": [],
    "events": [{
        "id": 7,
        "at": "2026-11-22T11:46:27Z",
        "action": "user.registered",
        "detail": {},
    }],
    "identities": [],
}))]
pub struct Export {
    /// Time of the export, in UTC.
    #[schema(format = DateTime)]
    exported_at: String,
    profile: Account,
    sessions: Vec<SessionEntry>,
    /// The newest events first, at most a thousand.
    events: Vec<EventPublic>,
    /// Accounts of other providers. There are none yet.
    #[schema(value_type = Vec<Object>)]
    identities: [(); 0],
}
