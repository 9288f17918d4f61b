//! The endpoint that lists what happened to all accounts: the audit log.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::authority::{Administrator, AuthorityErrors};
use super::list::ListErrors;
use super::paging::{LIMIT_DESCRIPTION, read_cursor, take_limit};
use super::store::events::{self, Entry, Filter};
use crate::app::App;
use crate::http::body::{FromFields, ValidQuery};
use crate::http::error::Error;
use crate::http::fields::Fields;
use crate::http::openapi::responses::DatabaseErrors;
use crate::sessions::current_user::AccessTokenErrors;
use crate::settings::Settings;
use crate::throttle::ThrottleErrors;

/// Longest name of an action, in bytes. Ours have about twenty.
const MAX_ACTION_BYTES: usize = 64;

/// List what happened to all accounts
///
/// The newest events first. A page may have fewer events than `limit`, even none, while there are more:
/// `next_cursor` is null on the last page only.
#[utoipa::path(
    get,
    path = "/api/v1/admin/events",
    tag = "admin",
    params(
        ("user" = Option<String>, Query, format = "uuid", description = "Events of the user with this id"),
        ("action" = Option<String>, Query, description = "Events of this kind, such as `user.disabled`"),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before, which had the same parameters"),
        ("limit" = Option<u8>, Query, description = LIMIT_DESCRIPTION, minimum = 1, maximum = 100),
    ),
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = []), ("AdminKey" = [])),
    responses(
        (status = 200, description = "A page of events", body = AuditPage),
        ThrottleErrors,
        DatabaseErrors,
        AccessTokenErrors,
        AuthorityErrors,
        ListErrors,
    )
)]
pub async fn list_all_events(
    State(app): State<&'static App>,
    _: Administrator,
    ValidQuery(query): ValidQuery<AuditQuery>,
) -> Result<Json<AuditPage>, Error> {
    let scope = format!("events {:?}", query.filter);
    let before = read_cursor(app, &scope, query.cursor.as_deref(), |id| id.parse().ok())?;
    let before = before.unwrap_or(i64::MAX);
    let mut connection = app.database.connect().await?;
    let page = events::page(&mut connection, &query.filter, before, query.limit)?;
    let next = page
        .end
        .map(|id| app.cursors.issue(&scope, &id.to_string()));
    Ok(Json(AuditPage {
        items: page.items.into_iter().map(AuditEvent::from).collect(),
        next_cursor: next,
    }))
}

/// The parameters of the log.
pub struct AuditQuery {
    filter: Filter,
    cursor: Option<String>,
    limit: usize,
}

impl FromFields for AuditQuery {
    fn from_fields(fields: &mut Fields, _: &Settings) -> Option<Self> {
        let user = fields.optional("user", Uuid::parse_str);
        let action = fields.optional("action", |text| {
            if text.len() > MAX_ACTION_BYTES {
                return Err("There is no such action.");
            }
            Ok(text.to_owned())
        });
        let cursor = fields.optional_text("cursor");
        let limit = take_limit(fields);
        Some(Self {
            filter: Filter { user, action },
            cursor,
            limit: limit?,
        })
    }
}

/// A page of events.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
pub struct AuditPage {
    items: Vec<AuditEvent>,
    /// Gets the next page. Null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Something that happened to an account.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": 7,
    "at": "2026-11-28T20:15:00Z",
    "actor": "admin_api_key",
    "action": "user.disabled",
    "user_id": "b0f5d8f2-3c53-4c0e-9c59-6f1f0a1f7a52",
    "request_id": "9b2f5c1d-7f0e-4f5a-8a55-0d6f3e1b2c77",
    "detail": {"disabled_reason": "Spam", "disabled_until": null},
}))]
pub struct AuditEvent {
    id: i64,
    /// When it happened, in UTC.
    #[schema(format = DateTime)]
    at: String,
    /// Who did it: the id of a user, `system` or `admin_api_key`.
    actor: String,
    /// What happened, such as `user.disabled`.
    action: String,
    /// Whom it happened to. Random for a user who has been deleted since.
    user_id: String,
    /// The request that caused it, as in the log.
    #[schema(required)]
    request_id: Option<String>,
    /// What else there is to tell, depending on the action.
    #[schema(value_type = Object)]
    detail: Value,
}

impl From<Entry> for AuditEvent {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id,
            at: entry.at.to_rfc3339(),
            actor: entry.actor,
            action: entry.action,
            user_id: entry.user,
            request_id: entry.request_id,
            detail: entry.detail,
        }
    }
}
