//! The endpoint that changes the username of the current user.

use axum::Json;
use axum::extract::State;
use serde_json::json;
use utoipa::ToSchema;

use super::Account;
use super::register::USERNAME_TAKEN;
use super::store::{InsertError, names};
use super::user::User;
use super::username::Username;
use crate::app::App;
use crate::db::Connection;
use crate::events::Event;
use crate::events::action::USERNAME_CHANGED;
use crate::http::body::{FromFields, ValidJson};
use crate::http::client::Client;
use crate::http::error::Error;
use crate::http::fields::Fields;
use crate::http::openapi::responses::{DatabaseErrors, JsonErrors, error_responses};
use crate::mail::kinds;
use crate::mail::notices;
use crate::platform::clock;
use crate::sessions::current_user::{AccessTokenErrors, CurrentUser, INVALID_ACCESS_TOKEN};
use crate::settings::Settings;
use crate::throttle::{self, ThrottleErrors};
use crate::users;

error_responses!(RenameErrors {
    "Another user has this name" => [Error::with_suggestion(USERNAME_TAKEN, "Tom1".into())],
});

/// Change my username
///
/// The old name is free for others at once. A mail tells the user, and its link undoes the change.
#[utoipa::path(
    patch,
    path = "/api/v1/auth/me",
    tag = "auth",
    request_body = RenameRequest,
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = [])),
    responses(
        (status = 200, description = "The user with the new name", body = Account),
        JsonErrors<RenameRequest>,
        ThrottleErrors,
        DatabaseErrors,
        AccessTokenErrors,
        RenameErrors,
    )
)]
pub async fn rename(
    State(app): State<&'static App>,
    user: CurrentUser,
    client: Client,
    ValidJson(request): ValidJson<RenameRequest>,
) -> Result<Json<Account>, Error> {
    let mut connection = app.database.connect().await?;
    let found = users::find(app, &mut connection, user.id)?.ok_or(INVALID_ACCESS_TOKEN)?;
    let new = request.username;
    if found.username == new.as_str() {
        return Ok(Json(found.into()));
    }
    let is_same = found.username.eq_ignore_ascii_case(new.as_str());
    if !is_same && names::username_exists(&mut connection, new.as_str())? {
        return Err(refuse_taken(&mut connection, &new)?);
    }
    match try_rename(app, connection, &found, &new, &client) {
        Err(RenameError::Taken) => {
            let mut connection = app.database.connect().await?;
            Err(refuse_taken(&mut connection, &new)?)
        }
        Err(RenameError::Other(error)) => Err(error),
        Ok(()) => {
            let username = new.as_str().to_owned();
            Ok(Json(User { username, ..found }.into()))
        }
    }
}

enum RenameError {
    Taken,
    Other(Error),
}

impl<E: Into<Error>> From<E> for RenameError {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

fn try_rename(
    app: &App,
    connection: Connection<'_>,
    user: &User,
    new: &Username,
    client: &Client,
) -> Result<(), RenameError> {
    let now = clock::now();
    let mut transaction = connection.begin()?;
    match names::change_username(&mut transaction, user.id, &user.username, new, now) {
        Ok(true) => {}
        // Changed or deleted by a concurrent request.
        Ok(false) => return Err(INVALID_ACCESS_TOKEN.into()),
        Err(InsertError::Database(error)) => return Err(error.into()),
        Err(_) => return Err(RenameError::Taken),
    }
    throttle::forget_name(app, &mut transaction, &user.username)?;
    let event = Event {
        action: USERNAME_CHANGED,
        user: user.id,
        detail: json!({"old": user.username, "new": new.as_str()}),
    };
    let kind = kinds::USERNAME_CHANGED;
    notices::record(app, &mut transaction, event, kind, None, client, now)?;
    transaction.commit()?;
    tracing::info!(user = %user.id, "username changed");
    Ok(())
}

fn refuse_taken(connection: &mut Connection<'_>, name: &Username) -> Result<Error, Error> {
    let suggestion = names::suggest_username(connection, name)?;
    Ok(Error::with_suggestion(USERNAME_TAKEN, suggestion))
}

/// The new name.
#[derive(ToSchema)]
#[schema(example = json!({"username": "Tommy"}))]
pub struct RenameRequest {
    /// Letters, digits, underscores and hyphens, but no two underscores or hyphens in a row.
    /// Reserved names such as `admin` are refused.
    #[schema(
        value_type = String,
        min_length = 3,
        max_length = 30,
        pattern = "^(?!.*(__|--))[A-Za-z0-9_-]+$"
    )]
    username: Username,
}

impl FromFields for RenameRequest {
    fn from_fields(fields: &mut Fields, _: &Settings) -> Option<Self> {
        let username = fields.required("username", Username::parse);
        Some(Self {
            username: username?,
        })
    }
}
