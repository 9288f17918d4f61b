//! The endpoint that exports users to another service.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use serde::Serialize;
use serde_json::json;

use super::JSON_LINES;
use super::store::{self, Exported};
use crate::admin::authority::{Administrator, FreshnessErrors};
use crate::admin::list::ListErrors;
use crate::admin::paging::{read_cursor, take_limit_up_to};
use crate::admin::store::list::Position;
use crate::app::App;
use crate::events::action::USERS_EXPORTED;
use crate::events::{self, Event};
use crate::http::body::{FromFields, ValidQuery};
use crate::http::client::Client;
use crate::http::error::Error;
use crate::http::fields::Fields;
use crate::http::openapi::responses::DatabaseErrors;
use crate::platform::clock;
use crate::platform::timestamp::Timestamp;
use crate::sessions::current_user::AccessTokenErrors;
use crate::settings::Settings;
use crate::throttle::ThrottleErrors;
use crate::users::user::{Role, Subscription};

/// Users of a page, if the request does not say.
const DEFAULT_LIMIT: usize = 1000;
/// Most users of a page: some 2 MB.
const MAX_LIMIT: usize = 5000;
/// What a cursor is for.
const SCOPE: &str = "export";

/// Export users
///
/// Lines of JSON as `POST /api/v1/admin/users/import` takes them, with the hashes of the passwords, from which weak
/// passwords can be guessed. The oldest users first, without those who asked to be deleted. The header `Link`
/// names the next page (RFC 8288); the last page has none. It takes a login within the last 10 minutes.
#[utoipa::path(
    get,
    path = "/api/v1/admin/users/export",
    tag = "admin",
    params(
        ("cursor" = Option<String>, Query, description = "From the `Link` of the page before"),
        ("limit" = Option<u16>, Query, description = "Users of a page, 1,000 by default", minimum = 1, maximum = 5000),
    ),
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = []), ("AdminKey" = [])),
    responses(
        (
            status = 200,
            description = "A page of users",
            body = String,
            content_type = "application/jsonl",
            headers(("link" = String, description = "The next page, with `rel=\"next\"`")),
            example = "{\"email\":\"tom@example.com\",\"username\":\"Tom\",\"verified\":true}\n",
        ),
        ThrottleErrors,
        DatabaseErrors,
        AccessTokenErrors,
        FreshnessErrors,
        ListErrors,
    )
)]
pub async fn export_users(
    State(app): State<&'static App>,
    administrator: Administrator,
    client: Client,
    ValidQuery(query): ValidQuery<ExportQuery>,
) -> Result<(HeaderMap, String), Error> {
    let now = clock::now();
    administrator.require_fresh(now)?;
    let start = read_cursor(app, SCOPE, query.cursor.as_deref(), Position::read)?;
    let mut connection = app.database.connect().await?;
    let page = store::page(&mut connection, start, query.limit)?;
    let exported = page.items.len();
    let event = Event {
        action: USERS_EXPORTED,
        user: administrator.account(),
        detail: json!({ "exported": exported }),
    };
    let actor = administrator.actor();
    events::record_by(app, &mut connection, &actor, &event, &client, now)?;
    tracing::warn!(actor, exported, "users exported by an administrator");
    let next = page.end.map(|position| {
        let cursor = app.cursors.issue(SCOPE, &position.to_string());
        link_to_next(&cursor, query.limit)
    });
    Ok((headers(next), lines(&page.items)?))
}

/// The reference to the next page.
fn link_to_next(cursor: &str, limit: usize) -> String {
    format!("</api/v1/admin/users/export?cursor={cursor}&limit={limit}>; rel=\"next\"")
}

fn headers(next: Option<String>) -> HeaderMap {
    let attachment = HeaderValue::from_static("attachment; filename=\"users.jsonl\"");
    let mut headers = HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static(JSON_LINES)),
        (header::CONTENT_DISPOSITION, attachment),
    ]);
    let next = next.and_then(|next| HeaderValue::try_from(next).ok());
    headers.extend(next.map(|next| (header::LINK, next)));
    headers
}

fn lines(users: &[Exported]) -> anyhow::Result<String> {
    let mut lines = String::new();
    for user in users {
        lines += &serde_json::to_string(&UserLine::from(user))?;
        lines.push('\n');
    }
    Ok(lines)
}

/// The parameters of an export.
pub struct ExportQuery {
    cursor: Option<String>,
    limit: usize,
}

impl FromFields for ExportQuery {
    fn from_fields(fields: &mut Fields, _: &Settings) -> Option<Self> {
        let cursor = fields.optional_text("cursor");
        let limit = take_limit_up_to(fields, DEFAULT_LIMIT, MAX_LIMIT);
        Some(Self {
            cursor,
            limit: limit?,
        })
    }
}

/// A user as a line of JSON. An import takes the same fields.
#[derive(Serialize)]
struct UserLine<'a> {
    email: &'a str,
    username: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_hash: Option<&'a str>,
    verified: bool,
    role: Role,
    subscription: Subscription,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription_expires_at: Option<String>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_reason: Option<&'a str>,
}

impl<'a> From<&'a Exported> for UserLine<'a> {
    fn from(exported: &'a Exported) -> Self {
        let Exported { managed, hash } = exported;
        let user = &managed.user;
        let time = |at: Option<Timestamp>| at.map(Timestamp::to_rfc3339);
        Self {
            email: &user.email,
            username: &user.username,
            password_hash: hash.as_deref(),
            verified: user.is_email_verified,
            role: user.role,
            subscription: user.subscription,
            subscription_expires_at: time(user.subscription_expires_at),
            created_at: user.created_at.to_rfc3339(),
            disabled_at: time(managed.disabled_at),
            disabled_until: time(managed.disabled_until),
            disabled_reason: managed.disabled_reason.as_deref(),
        }
    }
}
