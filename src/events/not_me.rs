//! The endpoint behind the link "This wasn't me" of a notice: secures the account.

use axum::Json;
use axum::extract::State;
use serde_json::json;
use utoipa::ToSchema;

use super::action::{ACCOUNT_SECURED, EMAIL_CHANGED, USERNAME_CHANGED};
use super::notice_token::LIFETIME;
use super::{Event, store};
use crate::app::App;
use crate::db::{Connection, DbError};
use crate::http::body::{BODY_UNREADABLE, FromFields, ValidJson};
use crate::http::client::Client;
use crate::http::error::{Error, error_kinds};
use crate::http::fields::Fields;
use crate::http::openapi::responses::{DatabaseErrors, JsonErrors, error_responses};
use crate::mail::reset_link;
use crate::passwords::Message;
use crate::platform::clock;
use crate::platform::timestamp::Timestamp;
use crate::sessions::ending::end_all_access;
use crate::settings::Settings;
use crate::throttle::ThrottleErrors;
use crate::{events, users};

const SECURED: &str = "Your account is secured. We have sent you a link to choose a new password.";

error_kinds! {
    /// The token is not ours, too old, or used, or its user is gone.
    INVALID_NOTICE_TOKEN = BAD_REQUEST, "Invalid or expired link";
}

error_responses!(NoticeTokenErrors {
    "The token is unknown, used or expired, or the body ended early" => [INVALID_NOTICE_TOKEN, BODY_UNREADABLE],
});

/// Secure the account
///
/// For an owner who did not do what a notice tells of. The change is undone, all sessions end, the password
/// stops working, and a link to choose a new one is sent. The token is valid once, for seven days.
#[utoipa::path(
    post,
    path = "/api/v1/auth/not-me",
    tag = "auth",
    request_body = NotMeRequest,
    responses(
        (status = 200, description = "The account is secured", body = Message, example = json!({"message": SECURED})),
        JsonErrors<NotMeRequest>,
        ThrottleErrors,
        DatabaseErrors,
        NoticeTokenErrors,
    )
)]
pub async fn not_me(
    State(app): State<&'static App>,
    client: Client,
    ValidJson(request): ValidJson<NotMeRequest>,
) -> Result<Json<Message>, Error> {
    let now = clock::now();
    let id = app.notice_tokens.read(&request.token).ok_or_else(refuse)?;
    let mut transaction = app.database.connect().await?.begin()?;
    let event = store::find_disownable(&mut transaction, id, now.plus(-LIFETIME))?;
    let event = event.ok_or_else(refuse)?;
    let user = event.user;
    undo(&mut transaction, &event, now)?;
    let email = users::store::void_password(&mut transaction, user, now)?;
    end_all_access(&mut transaction, user)?;
    reset_link::queue(app, &mut transaction, &email, client.language, now)?;
    let secured = Event {
        action: ACCOUNT_SECURED,
        user,
        detail: json!({"event_id": id}),
    };
    events::record(app, &mut transaction, &secured, &client, now)?;
    transaction.commit()?;
    tracing::warn!(%user, event = id, "account secured: its owner disowned an event");
    Ok(Message::new(SECURED))
}

/// Undoes what the event tells of, unless it has been changed again since.
fn undo(connection: &mut Connection<'_>, event: &Event, now: Timestamp) -> Result<(), DbError> {
    let names = || {
        let name = |key: &str| event.detail[key].as_str();
        Some((name("old")?, name("new")?))
    };
    match (event.action, names()) {
        (EMAIL_CHANGED, Some((old, new))) => {
            users::store::names::restore_email(connection, event.user, old, new, now)
        }
        (USERNAME_CHANGED, Some((old, new))) => {
            users::store::names::restore_username(connection, event.user, old, new, now)
        }
        _ => Ok(()),
    }
}

fn refuse() -> Error {
    tracing::info!(reason = "unknown, used or expired token", "not-me refused");
    INVALID_NOTICE_TOKEN.into()
}

/// The token of a notice.
#[derive(ToSchema)]
#[schema(example = json!({"token": "AAAAAAAAACqwVb4cJ0n0b2Kk8Yh3mD5sQ7tZxL1pR6vE9uWgXfTjNg"}))]
pub struct NotMeRequest {
    /// The token from the link.
    token: String,
}

impl FromFields for NotMeRequest {
    fn from_fields(fields: &mut Fields, _: &Settings) -> Option<Self> {
        let token = fields.required_text("token");
        Some(Self { token: token? })
    }
}
