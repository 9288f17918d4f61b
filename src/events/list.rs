//! The endpoint that lists what happened to the current user's account.

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::store::{self, Entry};
use crate::app::App;
use crate::http::error::Error;
use crate::http::error::validation::{FieldError, Refusal};
use crate::http::openapi::responses::{DatabaseErrors, error_responses};
use crate::sessions::current_user::{AccessTokenErrors, CurrentUser};

/// Number of events in a page.
const PAGE: usize = 50;
/// What of an event's detail its user sees.
const PUBLIC: [&str; 10] = [
    "field",
    "session_id",
    "method",
    "user_agent",
    "ip_prefix",
    "reason",
    "old",
    "new",
    "event_id",
    "deletes_at",
];

error_responses!(CursorErrors {
    "The cursor is none of ours" => [refuse_cursor("next")],
});

/// List what happened to my account
///
/// The newest events first. `next_cursor` gets the next page, and is null on the last one.
#[utoipa::path(
    get,
    path = "/api/v1/auth/events",
    tag = "auth",
    params((
        "cursor" = Option<String>,
        Query,
        description = "The `next_cursor` of the page before",
        pattern = "^[1-9][0-9]{0,17}$",
    )),
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = [])),
    responses(
        (status = 200, description = "A page of up to fifty events", body = EventPage),
        DatabaseErrors,
        AccessTokenErrors,
        CursorErrors,
    )
)]
pub async fn list_events(
    State(app): State<&'static App>,
    user: CurrentUser,
    Cursor(before): Cursor,
) -> Result<Json<EventPage>, Error> {
    let mut connection = app.database.connect().await?;
    let mut entries = store::page(&mut connection, user.id, before, PAGE as i64 + 1)?;
    let has_more = entries.len() > PAGE;
    entries.truncate(PAGE);
    let last = entries.last().filter(|_| has_more);
    Ok(Json(EventPage {
        next_cursor: last.map(|entry| entry.id.to_string()),
        items: entries.into_iter().map(EventPublic::from).collect(),
    }))
}

/// Where a page begins: below the id of an event.
pub struct Cursor(i64);

impl FromRequestParts<&'static App> for Cursor {
    type Rejection = Error;

    async fn from_request_parts(request: &mut Parts, _: &&'static App) -> Result<Self, Error> {
        let query = request.uri.query().unwrap_or_default();
        let mut fields = form_urlencoded::parse(query.as_bytes());
        match fields.find(|(name, _)| name == "cursor") {
            None => Ok(Self(i64::MAX)),
            Some((_, text)) => {
                let is_canonical = text.len() <= 18 && !text.starts_with(['+', '-', '0']);
                let id = text.parse().ok().filter(|_| is_canonical);
                id.map(Self).ok_or_else(|| refuse_cursor(&text))
            }
        }
    }
}

fn refuse_cursor(text: &str) -> Error {
    let refusal = Refusal::Pattern("^[1-9][0-9]{0,17}$");
    FieldError::refused_in_query("cursor", refusal, text).into()
}

/// A page of events.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "items": [{
        "id": 7,
        "at": "2026-11-28T20:15:00Z",
        "action": "username.changed",
        "detail": {"old": "Tom", "new": "Tommy"},
    }],
    "next_cursor": null,
}))]
pub struct EventPage {
    items: Vec<EventPublic>,
    /// Gets the next page. Null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Something that happened to the account.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": 7,
    "at": "2026-11-22T11:46:27Z",
    "action": "username.changed",
    "detail": {"old": "Tom", "new": "Tommy"},
}))]
pub struct EventPublic {
    id: i64,
    /// When it happened, in UTC.
    #[schema(format = DateTime)]
    at: String,
    /// What happened, such as `session.created` or `password.changed`.
    action: String,
    /// What else there is to tell, depending on the action.
    #[schema(value_type = Object)]
    detail: Value,
}

impl From<Entry> for EventPublic {
    fn from(entry: Entry) -> Self {
        let mut detail = entry.detail;
        if let Value::Object(fields) = &mut detail {
            fields.retain(|name, value| PUBLIC.contains(&name.as_str()) && !value.is_null());
        }
        Self {
            id: entry.id,
            at: entry.at.to_rfc3339(),
            action: entry.action,
            detail,
        }
    }
}
