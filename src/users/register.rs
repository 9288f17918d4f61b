//! Registration: a new user.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use utoipa::ToSchema;
use uuid::Uuid;

use super::UserPublic;
use crate::app::App;
use crate::captcha;
use crate::domain::email::Email;
use crate::domain::password::NewPassword;
use crate::domain::secret::Secret;
use crate::domain::user::{Role, Subscription, User};
use crate::domain::username::Username;
use crate::error::Error;
use crate::error::responses::{DatabaseErrors, JsonErrors, RegistrationErrors};
use crate::extract::body::{FromFields, ValidJson};
use crate::extract::fields::Fields;
use crate::hashing;
use crate::platform::{clock, random};
use crate::settings::{CaptchaSettings, Settings};
use crate::store::db::Connection;
use crate::store::users::{self, InsertError};

/// Register a new user
///
/// The captcha is checked first, then whether the address and the name are free.
#[utoipa::path(
    post,
    path = "/api/v1/auth/register",
    tag = "auth",
    request_body = RegisterRequest,
    responses(
        (status = 201, description = "The new user", body = UserPublic),
        JsonErrors<RegisterRequest>,
        DatabaseErrors,
        RegistrationErrors,
    )
)]
pub async fn register(
    State(app): State<&'static App>,
    ValidJson(request): ValidJson<RegisterRequest>,
) -> Result<(StatusCode, Json<UserPublic>), Error> {
    let mut connection = app.database.connect().await?;
    captcha::verify(
        app,
        &mut connection,
        request.captcha_id,
        &request.captcha_answer,
    )
    .await?;
    refuse_taken(&mut connection, &request)?;

    let hash = hashing::hash(app, &request.password).await?;
    let user = new_user(&request);
    match users::insert(&mut connection, &user, hash) {
        Ok(()) => {
            tracing::info!(user = %user.id, "registered");
            Ok((StatusCode::CREATED, Json(user.into())))
        }
        Err(InsertError::Database(error)) => Err(error.into()),
        Err(taken) => Err(refuse_race(&mut connection, &request, taken)?),
    }
}

/// Chooses the message for an address or a name that is taken, before a hash is spent on it.
fn refuse_taken(connection: &mut Connection<'_>, request: &RegisterRequest) -> Result<(), Error> {
    if users::email_exists(connection, &request.email)? {
        return Err(Error::EmailTaken);
    }
    if users::username_exists(connection, request.username.as_str())? {
        let suggestion = users::suggest_username(connection, &request.username)?;
        return Err(Error::UsernameTaken { suggestion });
    }
    Ok(())
}

/// The answer to a registration that lost a race for an address or a name: the same as if it had come
/// later. `taken` is for the case that the winner has disappeared again.
fn refuse_race(
    connection: &mut Connection<'_>,
    request: &RegisterRequest,
    taken: InsertError,
) -> Result<Error, Error> {
    refuse_taken(connection, request)?;
    Ok(anyhow::Error::from(taken).into())
}

fn new_user(request: &RegisterRequest) -> User {
    User {
        id: random::id(),
        email: request.email.as_str().to_owned(),
        username: request.username.as_str().to_owned(),
        role: Role::Regular,
        subscription: Subscription::Free,
        subscription_expires_at: None,
        created_at: clock::now(),
    }
}

/// Who wants to be a user.
#[derive(ToSchema)]
#[schema(example = json!({
    "email": "tom@example.com",
    "username": "Tom",
    "password": "correct horse 1",
    "captcha_answer": "eyJjaGFsbGVuZ2UiOnsicGFyYW1ldGVycyI6eyJhbGdvcml0aG0iOi",
}))]
pub struct RegisterRequest {
    /// A bare address.
    #[schema(value_type = String, format = Email, max_length = 254)]
    email: Email,
    /// Letters, digits, underscores and hyphens, but no two underscores or hyphens in a row; not a
    /// reserved name such as `admin`.
    #[schema(
        value_type = String,
        min_length = 3,
        max_length = 30,
        pattern = "^(?!.*(__|--))[A-Za-z0-9_-]+$"
    )]
    username: Username,
    /// At least one digit and one letter; at most 256 bytes. The service may ask for more than 6
    /// characters.
    #[schema(
        value_type = String,
        format = Password,
        min_length = 6,
        max_length = 256,
        pattern = r"[0-9][\s\S]*[A-Za-z]|[A-Za-z][\s\S]*[0-9]"
    )]
    password: NewPassword,
    /// Which captcha was shown: with `captcha_provider=service` only, and required there.
    captcha_id: Option<Uuid>,
    /// What the captcha's widget gave to the person, or the person to the captcha. It is used up
    /// by a registration that breaks no rule, also if the address or the name is taken.
    #[schema(value_type = String)]
    captcha_answer: Secret,
}

impl FromFields for RegisterRequest {
    fn from_fields(fields: &mut Fields, settings: &Settings) -> Option<Self> {
        let email = fields.required("email", Email::parse);
        let username = fields.required("username", Username::parse);
        let password = fields.required("password", |text| settings.password_policy.parse(text));
        let captcha_id = match settings.captcha {
            CaptchaSettings::Service { .. } => fields.required("captcha_id", Uuid::parse_str),
            _ => fields.optional("captcha_id", Uuid::parse_str),
        };
        let captcha_answer = fields.required_text("captcha_answer");
        Some(Self {
            email: email?,
            username: username?,
            password: password?,
            captcha_id,
            captcha_answer: Secret::new(captcha_answer?),
        })
    }
}
