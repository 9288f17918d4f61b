//! The endpoint that invites a user.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::json;
use utoipa::ToSchema;

use super::authority::{Administrator, ChangeErrors};
use super::store;
use super::user::AdminUser;
use crate::app::App;
use crate::db::{Connection, DbError};
use crate::events::action::USER_INVITED;
use crate::events::{self, Event};
use crate::http::body::{FromFields, ValidJson};
use crate::http::client::Client;
use crate::http::error::{Error, NOT_FOUND};
use crate::http::fields::Fields;
use crate::http::openapi::responses::{DatabaseErrors, JsonErrors, error_responses};
use crate::mail::reset_link;
use crate::platform::{clock, random};
use crate::sessions::current_user::AccessTokenErrors;
use crate::settings::Settings;
use crate::throttle::ThrottleErrors;
use crate::users;
use crate::users::email::Email;
use crate::users::register::{EMAIL_TAKEN, USERNAME_TAKEN};
use crate::users::store::{InsertError, VOID_PASSWORD, names};
use crate::users::user::{Role, Subscription, User};
use crate::users::username::Username;

error_responses!(InviteErrors {
    "The address or the username is taken" => [
        EMAIL_TAKEN,
        Error::with_suggestion(USERNAME_TAKEN, "Tom1".into()),
    ],
});

/// Invite a user
///
/// A mail has a link with which the user chooses the first password. It is valid for seven days, and choosing
/// the password verifies the address. Another link can be sent later. Without a username, it is made of the
/// address.
#[utoipa::path(
    post,
    path = "/api/v1/admin/users",
    tag = "admin",
    request_body = InviteRequest,
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = []), ("AdminKey" = [])),
    responses(
        (status = 201, description = "The new user", body = AdminUser),
        JsonErrors<InviteRequest>,
        ThrottleErrors,
        DatabaseErrors,
        AccessTokenErrors,
        ChangeErrors,
        InviteErrors,
    )
)]
pub async fn invite_user(
    State(app): State<&'static App>,
    administrator: Administrator,
    client: Client,
    ValidJson(request): ValidJson<InviteRequest>,
) -> Result<(StatusCode, Json<AdminUser>), Error> {
    let actor = administrator.actor();
    let mut transaction = app.database.connect().await?.begin()?;
    let user = new_user(&mut transaction, request)?;
    let void = VOID_PASSWORD.to_owned();
    match users::store::insert(&mut transaction, &user, void, false) {
        Ok(()) => {}
        Err(InsertError::EmailTaken) => return Err(EMAIL_TAKEN.into()),
        Err(InsertError::UsernameTaken) => {
            // The transaction holds the only write lock, so the name was taken before.
            let taken = Username::parse(&user.username).map_err(anyhow::Error::msg)?;
            let suggestion = names::suggest_username(&mut transaction, &taken)?;
            return Err(Error::with_suggestion(USERNAME_TAKEN, suggestion));
        }
        Err(InsertError::Database(error)) => return Err(error.into()),
    }
    let (email, now) = (&user.email, user.created_at);
    reset_link::queue_invitation(app, &mut transaction, email, client.language, now)?;
    let event = Event {
        action: USER_INVITED,
        user: user.id,
        detail: json!({}),
    };
    events::record_by(app, &mut transaction, &actor, &event, &client, now)?;
    let managed = store::find(&mut transaction, user.id)?.ok_or(NOT_FOUND)?;
    transaction.commit()?;
    tracing::info!(user = %user.id, actor, "user invited by an administrator");
    Ok((StatusCode::CREATED, Json(AdminUser::new(app, managed))))
}

fn new_user(connection: &mut Connection<'_>, request: InviteRequest) -> Result<User, DbError> {
    let username = match request.username {
        Some(username) => username.as_str().to_owned(),
        None => free_username(connection, &request.email)?,
    };
    Ok(User {
        id: random::id(),
        email: request.email.as_str().to_owned(),
        username,
        role: Role::Regular,
        subscription: Subscription::Free,
        subscription_expires_at: None,
        created_at: clock::now(),
        is_email_verified: false,
    })
}

/// A free username like the local part of the address.
fn free_username(connection: &mut Connection<'_>, email: &Email) -> Result<String, DbError> {
    let username = Username::like(email.local_part());
    if names::username_exists(connection, username.as_str())? {
        return names::suggest_username(connection, &username);
    }
    Ok(username.as_str().to_owned())
}

/// Whom to invite.
#[derive(ToSchema)]
#[schema(example = json!({"email": "tom@example.com"}))]
pub struct InviteRequest {
    /// An email address without a display name.
    #[schema(value_type = String, format = Email, max_length = 254)]
    email: Email,
    /// As in a registration. Absent: made of the address.
    #[schema(
        value_type = String,
        required = false,
        min_length = 3,
        max_length = 30,
        pattern = "^(?!.*(__|--))[A-Za-z0-9_-]+$"
    )]
    username: Option<Username>,
}

impl FromFields for InviteRequest {
    fn from_fields(fields: &mut Fields, _: &Settings) -> Option<Self> {
        let email = fields.required("email", Email::parse);
        let username = fields.optional("username", Username::parse);
        Some(Self {
            email: email?,
            username,
        })
    }
}
