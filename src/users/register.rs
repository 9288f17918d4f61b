//! The registration endpoint: creates a user.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::UserPublic;
use super::email::Email;
use super::store::{self, InsertError, names};
use super::user::{Role, Subscription, User};
use super::username::Username;
use crate::app::App;
use crate::captcha::settings::CaptchaSettings;
use crate::captcha::{self, CAPTCHA_ERROR, CAPTCHA_TIMEOUT, CAPTCHA_UNAVAILABLE, INVALID_CAPTCHA};
use crate::db::Connection;
use crate::events;
use crate::events::Event;
use crate::events::action::USER_REGISTERED;
use crate::http::body::{BODY_UNREADABLE, FromFields, ValidJson};
use crate::http::client::Client;
use crate::http::error::{DB_LOCKED, Error, error_kinds};
use crate::http::fields::Fields;
use crate::http::openapi::responses::{DatabaseErrors, JsonErrors, error_responses};
use crate::mail::verification_link;
use crate::metrics::counters::REGISTRATIONS;
use crate::passwords::policy::{Names, NewPassword};
use crate::passwords::{breaches, hashing};
use crate::platform::{clock, random};
use crate::settings::Settings;
use crate::throttle::ThrottleErrors;
use crate::verification::EXAMPLE_VERIFICATION;
use crate::verification::settings::VerificationMode;

error_kinds! {
    EMAIL_TAKEN = CONFLICT, "Email already registered";
    USERNAME_TAKEN = CONFLICT, "Username already taken";
}

error_responses!(RegistrationErrors {
    "The captcha answer is wrong, or the body ended early" => [INVALID_CAPTCHA, BODY_UNREADABLE],
    "The address or the username is taken" => [
        EMAIL_TAKEN,
        Error::with_suggestion(USERNAME_TAKEN, "Tom1".into()),
    ],
    "The captcha service failed, or the database is locked" => [
        CAPTCHA_UNAVAILABLE,
        CAPTCHA_ERROR,
        DB_LOCKED,
    ],
    "The captcha service took too long" => [CAPTCHA_TIMEOUT],
});

/// Register a new user
///
/// Checks the captcha first, then whether the address and the username are free.
#[utoipa::path(
    post,
    path = "/api/v1/auth/register",
    tag = "auth",
    request_body = RegisterRequest,
    responses(
        (status = 201, description = "The new user", body = Registered),
        JsonErrors<RegisterRequest>,
        ThrottleErrors,
        DatabaseErrors,
        RegistrationErrors,
    )
)]
pub async fn register(
    State(app): State<&'static App>,
    client: Client,
    ValidJson(request): ValidJson<RegisterRequest>,
) -> Result<(StatusCode, Json<Registered>), Error> {
    let mut connection = app.database.connect().await?;
    captcha::verify(
        app,
        &mut connection,
        request.captcha_id,
        &request.captcha_answer,
    )
    .await?;
    refuse_taken(&mut connection, &request)?;
    // Nothing is held while another service is asked.
    drop(connection);
    breaches::refuse_breached(app, "password", &request.password).await?;

    // Hash before the transaction begins, because its lock would block all other writers.
    let hash = hashing::hash(app, &request.password).await?;
    let connection = app.database.connect().await?;
    let user = new_user(&request);
    match insert(app, connection, &user, hash, &client) {
        Ok(verification_id) => {
            tracing::info!(user = %user.id, "registered");
            REGISTRATIONS.count();
            let registered = Registered {
                user: user.into(),
                verification_id,
            };
            Ok((StatusCode::CREATED, Json(registered)))
        }
        Err(InsertError::Database(error)) => Err(error.into()),
        Err(taken) => Err(refuse_race(app, &request, taken).await?),
    }
}

/// Inserts a user, the event and the verification mail, if there is to be one. Returns the verification.
fn insert(
    app: &App,
    connection: Connection<'_>,
    user: &User,
    hash: String,
    client: &Client,
) -> Result<Option<Uuid>, InsertError> {
    let now = user.created_at;
    let mode = app.settings.verification;
    let mut transaction = connection.begin()?;
    let must_verify = mode == VerificationMode::Required;
    store::insert(&mut transaction, user, hash, must_verify)?;
    let event = Event {
        action: USER_REGISTERED,
        user: user.id,
        detail: json!({}),
    };
    events::record(app, &mut transaction, &event, client, now)?;
    let verification = match mode {
        VerificationMode::Off => None,
        VerificationMode::Optional | VerificationMode::Required => {
            let (email, language) = (&user.email, client.language);
            Some(verification_link::queue(
                &mut transaction,
                email,
                language,
                now,
            )?)
        }
    };
    transaction.commit()?;
    Ok(verification)
}

/// Refuses a taken address or username before the costly hash.
fn refuse_taken(connection: &mut Connection<'_>, request: &RegisterRequest) -> Result<(), Error> {
    if names::email_exists(connection, &request.email)? {
        return Err(EMAIL_TAKEN.into());
    }
    if names::username_exists(connection, request.username.as_str())? {
        let suggestion = names::suggest_username(connection, &request.username)?;
        return Err(Error::with_suggestion(USERNAME_TAKEN, suggestion));
    }
    Ok(())
}

/// The error for a registration that lost a race: the same as if it had come later. `taken` is
/// returned if the winner is already gone.
async fn refuse_race(
    app: &App,
    request: &RegisterRequest,
    taken: InsertError,
) -> Result<Error, Error> {
    let mut connection = app.database.connect().await?;
    refuse_taken(&mut connection, request)?;
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
        is_email_verified: false,
    }
}

/// The new user.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "email": "tom@example.com",
    "username": "Tom",
    "id": "b0f5d8f2-3c53-4c0e-9c59-6f1f0a1f7a52",
    "account_role": "REGULAR",
    "account_subscription": "FREE",
    "subscription_expires_at": null,
    "created_at": "2026-11-22T11:46:27Z",
    "verification_id": EXAMPLE_VERIFICATION,
}))]
pub struct Registered {
    #[serde(flatten)]
    user: UserPublic,
    /// Identifies the verification of the mail that was sent, for the code in it. Absent with
    /// `email_verification=off`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Uuid, required = false)]
    verification_id: Option<Uuid>,
}

/// A registration request.
#[derive(ToSchema)]
#[schema(example = json!({
    "email": "tom@example.com",
    "username": "Tom",
    "password": "correct horse 1",
    "captcha_answer": "eyJjaGFsbGVuZ2UiOnsicGFyYW1ldGVycyI6eyJhbGdvcml0aG0iOi",
}))]
pub struct RegisterRequest {
    /// An email address without a display name.
    #[schema(value_type = String, format = Email, max_length = 254)]
    email: Email,
    /// Letters, digits, underscores and hyphens, but no two underscores or hyphens in a row.
    /// Reserved names such as `admin` are refused.
    #[schema(
        value_type = String,
        min_length = 3,
        max_length = 30,
        pattern = "^(?!.*(__|--))[A-Za-z0-9_-]+$"
    )]
    username: Username,
    /// At least one digit and one letter, at most 256 bytes. The service may require more than 6
    /// characters, or take any 8 characters instead of a digit and a letter. Refused are common
    /// passwords, and passwords that contain the username or the local part of the address. The
    /// service may also refuse passwords from data breaches.
    #[schema(
        value_type = String,
        format = Password,
        min_length = 6,
        max_length = 256,
        pattern = r"[0-9][\s\S]*[A-Za-z]|[A-Za-z][\s\S]*[0-9]"
    )]
    password: NewPassword,
    /// Identifies the captcha. Required with `captcha_provider=service`, otherwise unused.
    captcha_id: Option<Uuid>,
    /// The value of the captcha widget, or the user's solution. A registration whose other fields
    /// are valid uses it up, even if the address or the username is taken.
    #[schema(value_type = String)]
    captcha_answer: SecretString,
}

impl FromFields for RegisterRequest {
    fn from_fields(fields: &mut Fields, settings: &Settings) -> Option<Self> {
        let email = fields.required("email", Email::parse);
        let username = fields.required("username", Username::parse);
        let password = fields.required("password", |text| {
            let names = Names {
                username: username.as_ref().map(Username::as_str),
                email: email.as_ref().map(Email::as_str),
            };
            let app_name = &settings.mail.from_name;
            settings.passwords.policy.parse(text, app_name, names)
        });
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
            captcha_answer: SecretString::from(captcha_answer?),
        })
    }
}
