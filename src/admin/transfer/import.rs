//! The endpoint that imports users of another service.

use std::collections::HashMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Request, State};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::batch;
use super::line::NewUser;
use crate::admin::authority::{Administrator, FreshnessErrors};
use crate::app::App;
use crate::events::action::USERS_IMPORTED;
use crate::events::{self, Event};
use crate::http::body::{
    BODY_TIMEOUT, BODY_TOO_LARGE, BODY_UNREADABLE, MIB, is_json, media_type, receive,
};
use crate::http::client::Client;
use crate::http::error::{Error, error_kinds};
use crate::http::openapi::responses::{DatabaseErrors, error_responses};
use crate::platform::{clock, instance_lock};
use crate::sessions::current_user::AccessTokenErrors;
use crate::throttle::ThrottleErrors;

/// Maximum size of an import, in bytes: some thirty thousand users with hashes.
const MAX_BODY_BYTES: usize = 8 * MIB;
/// Maximum number of lines of an import.
const MAX_LINES: usize = 50_000;
/// Users of one transaction, during which no other request can write. They take some ten milliseconds.
const BATCH: usize = 500;
/// Failed lines that the answer has: at most 300 KB.
const MAX_FAILED: usize = 1000;

error_kinds! {
    /// The body is not declared as lines of JSON.
    UNSUPPORTED_MEDIA_TYPE = UNSUPPORTED_MEDIA_TYPE, "Send lines of JSON as application/jsonl";
    /// The body would take too long to import.
    TOO_MANY_LINES = PAYLOAD_TOO_LARGE, "Too many lines. An import has at most 50,000.";
}

error_responses!(ImportErrors {
    "The body ended early" => [BODY_UNREADABLE],
    "The body took longer than 80 seconds" => [BODY_TIMEOUT],
    "The body is larger than 8 MiB, or has too many lines" => [BODY_TOO_LARGE, TOO_MANY_LINES],
    "The body is not declared as lines of JSON" => [UNSUPPORTED_MEDIA_TYPE],
});

/// Import users
///
/// Each line is a JSON object with an `email` and, optionally, `username` (otherwise made of the address),
/// `password_hash` (bcrypt, argon2, scrypt or PBKDF2; without one, the user has to reset the password),
/// `verified`, `role`, `subscription`, `subscription_expires_at`, `created_at`, `disabled_at`, `disabled_until`
/// and `disabled_reason`. Other fields are ignored, and so are empty lines. No mail is sent.
///
/// A line that is refused stops no other. An import that was interrupted can be repeated: the addresses that it
/// had imported are reported as taken. It takes a login within the last 10 minutes.
#[utoipa::path(
    post,
    path = "/api/v1/admin/users/import",
    tag = "admin",
    request_body(
        content = String,
        content_type = "application/jsonl",
        description = "Lines of JSON, at most 8 MiB and 50,000 lines",
        example = "{\"email\": \"tom@example.com\", \"username\": \"Tom\", \"verified\": true}\n",
    ),
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = []), ("AdminKey" = [])),
    responses(
        (status = 200, description = "What was imported, and what was not", body = ImportReport),
        ImportErrors,
        ThrottleErrors,
        DatabaseErrors,
        AccessTokenErrors,
        FreshnessErrors,
    )
)]
pub async fn import_users(
    State(app): State<&'static App>,
    administrator: Administrator,
    client: Client,
    request: Request,
) -> Result<Json<ImportReport>, Error> {
    administrator.require_fresh(clock::now())?;
    let body = receive_lines(request).await?;
    let actor = administrator.actor();
    let mut report = ImportReport::default();
    let mut lines = numbered(&body).peekable();
    while lines.peek().is_some() {
        import(app, &actor, &client, lines.by_ref(), &mut report).await?;
        instance_lock::yield_to_host().await;
    }
    let event = Event {
        action: USERS_IMPORTED,
        user: administrator.account(),
        detail: json!({"imported": report.imported, "failed": report.failed_total}),
    };
    let mut connection = app.database.connect().await?;
    events::record_by(app, &mut connection, &actor, &event, &client, clock::now())?;
    let ImportReport {
        imported,
        failed_total,
        ..
    } = report;
    tracing::warn!(
        actor,
        imported,
        failed_total,
        "users imported by an administrator"
    );
    Ok(Json(report))
}

async fn receive_lines(request: Request) -> Result<Bytes, Error> {
    let media_type = media_type(request.headers());
    let is_supported = media_type.is_some_and(|it| {
        is_json(&it) || ["application/jsonl", "application/x-ndjson"].contains(&it.essence_str())
    });
    if !is_supported {
        return Err(UNSUPPORTED_MEDIA_TYPE.into());
    }
    let body = receive(request.into_body(), MAX_BODY_BYTES).await?;
    if body.split(|byte| *byte == b'\n').count() > MAX_LINES + 1 {
        return Err(TOO_MANY_LINES.into());
    }
    Ok(body)
}

/// The lines that are not empty, with their numbers.
fn numbered(body: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    (1..).zip(lines).filter(|(_, line)| !line.is_empty())
}

/// Imports the next lines, in one transaction.
async fn import<'a>(
    app: &App,
    actor: &str,
    client: &Client,
    lines: impl Iterator<Item = (usize, &'a [u8])>,
    report: &mut ImportReport,
) -> Result<(), Error> {
    let mut users = Vec::new();
    let mut numbers = HashMap::new();
    let mut failed = Vec::new();
    for (number, line) in lines.take(BATCH) {
        match NewUser::parse(line) {
            Ok(user) => {
                numbers.insert(user.id, number);
                users.push(user);
            }
            Err(reason) => failed.push((number, reason)),
        }
    }
    if !users.is_empty() {
        let refused = batch::import(app, actor, client, users).await?;
        report.imported += numbers.len() - refused.len();
        let number = |id: &Uuid| numbers.get(id).copied().unwrap_or_default();
        let refused = refused.iter();
        failed.extend(refused.map(|(id, reason)| (number(id), (*reason).to_owned())));
    }
    failed.sort();
    report.add(failed);
    Ok(())
}

/// What was imported, and what was not.
#[derive(Default, Serialize, ToSchema)]
#[schema(example = json!({
    "imported": 2,
    "failed": [{"line": 3, "reason": "Email already registered"}],
    "failed_total": 1,
}))]
pub struct ImportReport {
    /// How many users were imported.
    imported: usize,
    /// The lines that were not, in their order: the first thousand of them.
    #[schema(max_items = 1000)]
    failed: Vec<FailedLine>,
    /// How many lines were not imported.
    failed_total: usize,
}

/// A line that was not imported.
#[derive(Serialize, ToSchema)]
pub struct FailedLine {
    /// Its number, from one.
    #[schema(minimum = 1)]
    line: usize,
    /// Why not, for people. It has no value of the line.
    reason: String,
}

impl ImportReport {
    fn add(&mut self, failed: Vec<(usize, String)>) {
        self.failed_total += failed.len();
        let room = MAX_FAILED - self.failed.len();
        let failed = failed.into_iter().take(room);
        self.failed
            .extend(failed.map(|(line, reason)| FailedLine { line, reason }));
    }
}
