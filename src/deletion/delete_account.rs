//! The delete-account endpoint: deletes the current user, or schedules that.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::admin::target::{LastAdminErrors, keep_last_administrator};
use crate::app::App;
use crate::db::{Connection, DbError};
use crate::events::Event;
use crate::events::action::DELETION_SCHEDULED;
use crate::http::body::{FromFields, ValidJson};
use crate::http::client::Client;
use crate::http::error::Error;
use crate::http::fields::Fields;
use crate::http::openapi::responses::{DatabaseErrors, JsonErrors};
use crate::mail::{kinds, notices};
use crate::platform::clock;
use crate::platform::timestamp::Timestamp;
use crate::sessions::confirmation::{ConfirmationErrors, INCORRECT_PASSWORD, confirm_password};
use crate::sessions::cookie::Jar;
use crate::sessions::current_user::{AccessTokenErrors, CurrentUser};
use crate::sessions::ending::end_all;
use crate::sessions::tokens::Delivery;
use crate::settings::Settings;
use crate::throttle::ThrottleErrors;
use crate::users::store::deletion;
use crate::{admin, passwords};

/// Delete my account
///
/// All sessions end. The account is deleted at once or, if the service is set up so, after some days. A login
/// or the link in the mail cancels the deletion until then. A wrong current password counts like a failed
/// login.
#[utoipa::path(
    post,
    path = "/api/v1/auth/delete-account",
    tag = "auth",
    request_body = DeleteAccountRequest,
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = [])),
    responses(
        (status = 202, description = "The account is deleted, or will be", body = Deletion),
        JsonErrors<DeleteAccountRequest>,
        ThrottleErrors,
        DatabaseErrors,
        AccessTokenErrors,
        ConfirmationErrors,
        LastAdminErrors,
    )
)]
pub async fn delete_account(
    State(app): State<&'static App>,
    user: CurrentUser,
    client: Client,
    jar: Result<Jar, Error>,
    ValidJson(request): ValidJson<DeleteAccountRequest>,
) -> Result<Response, Error> {
    let delivery = Delivery::continuing(user, None, jar)?;
    let owner = confirm_password(app, &client, user.id, &request.current_password).await?;
    let now = clock::now();
    let grace = app.settings.deletion.grace;
    let deletes_at = now.plus(grace);
    let mut transaction = app.database.connect().await?.begin()?;
    if let Some(managed) = admin::store::find(&mut transaction, user.id)? {
        keep_last_administrator(app, &mut transaction, &managed)?;
    }
    if !deletion::schedule(&mut transaction, &owner, deletes_at)? {
        tracing::info!(user = %user.id, "account not deleted: its password has changed");
        return Err(INCORRECT_PASSWORD.into());
    }
    if grace.is_zero() {
        super::delete(&mut transaction, user.id, None, client.language, now)?;
    } else {
        announce(app, &mut transaction, user.id, deletes_at, &client, now)?;
    }
    transaction.commit()?;
    let days = grace.whole_days();
    tracing::info!(user = %user.id, days, "account deleted by its user, after these days");
    let deletes_at = deletes_at.to_rfc3339();
    let response = (StatusCode::ACCEPTED, Json(Deletion { deletes_at }));
    Ok(delivery.respond_ended(app, response))
}

/// Ends every way in but a new login, and tells the user.
fn announce(
    app: &App,
    connection: &mut Connection<'_>,
    user: Uuid,
    deletes_at: Timestamp,
    client: &Client,
    now: Timestamp,
) -> Result<(), DbError> {
    end_all(connection, user)?;
    passwords::store::delete_unused(connection, user)?;
    let event = Event {
        action: DELETION_SCHEDULED,
        user,
        detail: json!({
            "deletes_at": deletes_at.to_rfc3339(),
            "language": client.language.code(),
        }),
    };
    let kind = kinds::DELETION_SCHEDULED;
    notices::record(app, connection, event, kind, None, client, now)
}

/// The current password.
#[derive(ToSchema)]
#[schema(example = json!({"current_password": "correct horse 1"}))]
pub struct DeleteAccountRequest {
    /// The current password.
    #[schema(value_type = String, format = Password)]
    current_password: SecretString,
}

impl FromFields for DeleteAccountRequest {
    fn from_fields(fields: &mut Fields, _: &Settings) -> Option<Self> {
        let current_password = fields.required_text("current_password");
        Some(Self {
            current_password: SecretString::from(current_password?),
        })
    }
}

/// The deletion of an account.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"deletes_at": "2026-11-22T11:46:27Z"}))]
pub struct Deletion {
    /// When the account is deleted, in UTC.
    #[schema(format = DateTime)]
    deletes_at: String,
}
