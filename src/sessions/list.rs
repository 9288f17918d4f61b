//! The endpoint that lists the sessions of the current user.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::current_user::{AccessTokenErrors, CurrentUser};
use super::store::own::{self, OwnSession};
use crate::app::App;
use crate::http::error::Error;
use crate::http::openapi::responses::DatabaseErrors;
use crate::platform::clock;

/// List my sessions
///
/// All sessions of the user that have not expired, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/auth/sessions",
    tag = "auth",
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = [])),
    responses(
        (
            status = 200,
            description = "The sessions, at most a hundred",
            body = [SessionEntry],
            example = json!([SessionEntry::example()]),
        ),
        DatabaseErrors,
        AccessTokenErrors,
    )
)]
pub async fn list_sessions(
    State(app): State<&'static App>,
    user: CurrentUser,
) -> Result<Json<Vec<SessionEntry>>, Error> {
    let mut connection = app.database.connect().await?;
    let sessions = own::list(&mut connection, user.id, clock::now())?;
    let entries = sessions.into_iter();
    Ok(Json(
        entries
            .map(|session| SessionEntry::new(session, user.session))
            .collect(),
    ))
}

/// A session, as its user recognises it.
#[derive(Serialize, ToSchema)]
#[schema(example = json!(Self::example()))]
pub struct SessionEntry {
    /// UUID, version 4.
    id: Uuid,
    /// Whether it is the session of this request.
    current: bool,
    /// Time of the login, in UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// Time of the last refresh or the login, in UTC.
    #[schema(format = DateTime)]
    last_used_at: String,
    /// The start of the browser's `User-Agent`.
    #[schema(required)]
    user_agent: Option<String>,
    /// The first part of the address at the login, if the service keeps it.
    #[schema(required)]
    ip_prefix: Option<String>,
    /// How the session began: `password`, or `legacy` by a token of a legacy service.
    method: String,
}

impl SessionEntry {
    /// An example for the description.
    pub fn example() -> Value {
        json!({
            "id": "3d1c0b8e-5f0a-4a55-8d2e-6f9b1c7a2e40",
            "current": true,
            "created_at": "2026-11-22T11:46:27Z",
            "last_used_at": "2026-11-22T12:16:02Z",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
            "ip_prefix": "192.0.2.0/24",
            "method": "password",
        })
    }

    /// The entry of a session. `current` is that of the request.
    pub fn new(session: OwnSession, current: Option<Uuid>) -> Self {
        Self {
            current: current == Some(session.id),
            id: session.id,
            created_at: session.created_at.to_rfc3339(),
            last_used_at: session.last_used_at.to_rfc3339(),
            user_agent: session.user_agent,
            ip_prefix: session.ip_prefix,
            method: session.method,
        }
    }
}
