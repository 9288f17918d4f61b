//! The endpoint that disables a user.

use axum::Json;
use axum::extract::State;
use serde_json::json;
use utoipa::ToSchema;

use super::authority::{Administrator, ChangeErrors};
use super::store::disabling;
use super::target::{LastAdminErrors, Target, TargetErrors, keep_last_administrator};
use super::update::parse_time;
use super::user::AdminUser;
use crate::app::App;
use crate::events::action::USER_DISABLED;
use crate::events::store::Revocation;
use crate::events::{self, Event};
use crate::http::body::{FromFields, ValidJson};
use crate::http::client::Client;
use crate::http::error::Error;
use crate::http::fields::Fields;
use crate::http::openapi::responses::{DatabaseErrors, JsonErrors};
use crate::passwords;
use crate::platform::clock;
use crate::platform::timestamp::Timestamp;
use crate::sessions::current_user::AccessTokenErrors;
use crate::sessions::ending::end_all_access;
use crate::settings::Settings;
use crate::throttle::ThrottleErrors;

/// Maximum length of a reason, in characters. It is a note, not a file.
const MAX_REASON_CHARS: usize = 500;

/// Disable a user
///
/// All sessions, links and codes of the user end at once, and every login is answered like one with a wrong
/// password, until the user is enabled or the end has come. A disabled user can be disabled again, with
/// another reason or end.
#[utoipa::path(
    post,
    path = "/api/v1/admin/users/{id}/disable",
    tag = "admin",
    params(("id" = String, Path, description = "The user's id")),
    request_body = DisableRequest,
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = []), ("AdminKey" = [])),
    responses(
        (status = 200, description = "The disabled user", body = AdminUser),
        JsonErrors<DisableRequest>,
        ThrottleErrors,
        DatabaseErrors,
        AccessTokenErrors,
        ChangeErrors,
        TargetErrors,
        LastAdminErrors,
    )
)]
pub async fn disable_user(
    State(app): State<&'static App>,
    administrator: Administrator,
    target: Target,
    client: Client,
    ValidJson(request): ValidJson<DisableRequest>,
) -> Result<Json<AdminUser>, Error> {
    let now = clock::now();
    let actor = administrator.actor();
    let DisableRequest { reason, until } = request;
    let mut transaction = app.database.connect().await?.begin()?;
    let managed = target.find(&mut transaction)?;
    keep_last_administrator(app, &mut transaction, &managed)?;
    disabling::disable(&mut transaction, target.0, &reason, until, now)?;
    let revocation = Revocation::of_all(target.0, &actor);
    events::record_revocation(app, &mut transaction, &revocation, &client, now)?;
    end_all_access(&mut transaction, target.0)?;
    passwords::store::delete_unused(&mut transaction, target.0)?;
    let event = Event {
        action: USER_DISABLED,
        user: target.0,
        detail: json!({
            "disabled_reason": reason,
            "disabled_until": until.map(Timestamp::to_rfc3339),
        }),
    };
    events::record_by(app, &mut transaction, &actor, &event, &client, now)?;
    let managed = target.find(&mut transaction)?;
    transaction.commit()?;
    tracing::warn!(user = %target.0, actor, "user disabled by an administrator");
    Ok(Json(AdminUser::new(app, managed)))
}

/// Why, and until when.
#[derive(ToSchema)]
#[schema(example = json!({"reason": "Spam", "until": null}))]
pub struct DisableRequest {
    /// For administrators only.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
    /// When the user is enabled again. Absent or null: not by itself.
    #[schema(value_type = Option<String>, format = DateTime, required = false)]
    until: Option<Timestamp>,
}

impl FromFields for DisableRequest {
    fn from_fields(fields: &mut Fields, _: &Settings) -> Option<Self> {
        let now = clock::now();
        let reason = fields.required("reason", parse_reason);
        let until = fields.optional("until", |text| {
            let until = parse_time(text)?;
            if until <= now {
                return Err("The time must be in the future.");
            }
            Ok(until)
        });
        Some(Self {
            reason: reason?,
            until,
        })
    }
}

/// Parses a reason.
///
/// # Errors
/// It is empty or too long.
pub fn parse_reason(text: &str) -> Result<String, &'static str> {
    let reason = text.trim();
    if reason.is_empty() {
        return Err("The reason must not be empty.");
    }
    if reason.chars().count() > MAX_REASON_CHARS {
        return Err("The reason cannot be longer than 500 characters.");
    }
    Ok(reason.to_owned())
}
