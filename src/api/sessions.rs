//! Sessions: log in, refresh, log out.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ambient;
use crate::app::App;
use crate::domain::email::Email;
use crate::domain::password::Verdict;
use crate::domain::secret::Secret;
use crate::domain::session::{RefreshToken, Replay, judge_replay};
use crate::domain::timestamp::Timestamp;
use crate::domain::user::Role;
use crate::domain::username::Username;
use crate::error::validation::{Refusal, ValidationErrorBody};
use crate::error::{Error, ErrorBody};
use crate::extract::body::{FromFields, ValidForm, ValidJson};
use crate::extract::fields::Fields;
use crate::settings::Settings;
use crate::store::db::Connection;
use crate::store::sessions;
use crate::store::users::{self, Credentials, LoginName};

/// Log in
///
/// OAuth2 password grant (RFC 6749, 4.3). `username` is the email address or the user name.
#[utoipa::path(
    post,
    path = "/api/v1/auth/login",
    tag = "auth",
    request_body(content = LoginRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A new session", body = Token),
        (status = 401, description = "No user with this name and password", body = ErrorBody),
        (status = 413, description = "The body is larger than 1 MiB", body = ErrorBody),
        (status = 422, description = "Fields that break rules", body = ValidationErrorBody),
        (status = 500, description = "The database failed", body = ErrorBody),
        (status = 503, description = "The database is locked", body = ErrorBody),
    )
)]
pub async fn login(
    State(app): State<&'static App>,
    ValidForm(request): ValidForm<LoginRequest>,
) -> Result<Token, Error> {
    let mut connection = app.database.connect().await?;
    let credentials = match request.login_name() {
        Some(name) => users::find_credentials(&mut connection, &name).await?,
        None => None,
    };
    let user = check_password(app, &mut connection, credentials, &request.password).await?;

    let now = ambient::now();
    let session = ambient::random_id();
    let lifetime = app.settings.session_lifetime;
    sessions::insert(&mut connection, session, user.id, lifetime, now).await?;
    let token = RefreshToken {
        session,
        counter: 0,
    };
    issue(app, user.id, user.role, token, now)
}

/// Compares the password, at the same cost whether the user exists or not, and gives a hash that
/// was made with other parameters its new form.
async fn check_password(
    app: &App,
    connection: &mut Connection<'_>,
    credentials: Option<Credentials>,
    password: &Secret,
) -> Result<Credentials, Error> {
    let stored = credentials
        .as_ref()
        .map(|user| user.hashed_password.as_str());
    let verdict = app.password_hasher.verify(password, stored);
    let verdict = verdict.map_err(anyhow::Error::from)?;
    let user = match (verdict, credentials) {
        (Verdict::Wrong, _) | (_, None) => return Err(Error::IncorrectCredentials),
        (Verdict::Right, Some(user)) => return Ok(user),
        (Verdict::Outdated, Some(user)) => user,
    };
    let hash = app
        .password_hasher
        .rehash(password, ambient::random_bytes());
    let hash = hash.map_err(anyhow::Error::from)?;
    users::replace_hash(connection, user.id, &user.hashed_password, hash).await?;
    Ok(user)
}

/// Refresh the tokens
///
/// Each refresh token is good once and gives its successor. One that was used before ends the
/// whole session, unless that was a moment ago.
#[utoipa::path(
    post,
    path = "/api/v1/auth/refresh",
    tag = "auth",
    request_body = RefreshTokenRequest,
    responses(
        (status = 200, description = "The next tokens of the session", body = Token),
        (status = 401, description = "Unknown, used up or expired", body = ErrorBody),
        (status = 413, description = "The body is larger than 1 MiB", body = ErrorBody),
        (status = 422, description = "Fields that break rules", body = ValidationErrorBody),
        (status = 500, description = "The database failed", body = ErrorBody),
        (status = 503, description = "The database is locked", body = ErrorBody),
    )
)]
pub async fn refresh(
    State(app): State<&'static App>,
    ValidJson(request): ValidJson<RefreshTokenRequest>,
) -> Result<Token, Error> {
    let token = app.refresh_tokens.read(&request.refresh_token);
    let token = token.ok_or(Error::InvalidRefreshToken)?;
    let now = ambient::now();
    let lifetime = app.settings.session_lifetime;
    let mut connection = app.database.connect().await?;
    let rotated = sessions::rotate(&mut connection, token, lifetime, now).await?;
    let (user, role) = match rotated {
        Some(session) => (session.user, session.role),
        None => replay(&mut connection, token, now).await?,
    };
    let successor = RefreshToken {
        counter: token.counter + 1,
        ..token
    };
    issue(app, user, role, successor, now)
}

/// Decides about a token that is not the current one of its session.
async fn replay(
    connection: &mut Connection<'_>,
    token: RefreshToken,
    now: Timestamp,
) -> Result<(Uuid, Role), Error> {
    let session = sessions::find(connection, token.session, now).await?;
    let session = session.ok_or(Error::InvalidRefreshToken)?;
    match judge_replay(token, session.counter, session.rotated_at, now) {
        Replay::Retried => Ok((session.user, session.role)),
        Replay::Reused => {
            tracing::warn!(session = %token.session, "session revoked: refresh token reused");
            sessions::delete(connection, token.session).await?;
            Err(Error::InvalidRefreshToken)
        }
    }
}

/// Log out
///
/// Ends the session: its refresh token and its access tokens stop working at once.
#[utoipa::path(
    post,
    path = "/api/v1/auth/logout",
    tag = "auth",
    request_body = RefreshTokenRequest,
    responses(
        (status = 204, description = "There is no such session any more, if there ever was"),
        (status = 413, description = "The body is larger than 1 MiB", body = ErrorBody),
        (status = 422, description = "Fields that break rules", body = ValidationErrorBody),
        (status = 500, description = "The database failed", body = ErrorBody),
        (status = 503, description = "The database is locked", body = ErrorBody),
    )
)]
pub async fn logout(
    State(app): State<&'static App>,
    ValidJson(request): ValidJson<RefreshTokenRequest>,
) -> Result<StatusCode, Error> {
    if let Some(token) = app.refresh_tokens.read(&request.refresh_token) {
        let mut connection = app.database.connect().await?;
        sessions::delete(&mut connection, token.session).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

fn issue(
    app: &App,
    user: Uuid,
    role: Role,
    refresh_token: RefreshToken,
    now: Timestamp,
) -> Result<Token, Error> {
    let id = ambient::random_id();
    let access_token = app
        .access_tokens
        .issue(user, refresh_token.session, role, id, now)
        .map_err(anyhow::Error::from)?;
    let refresh_token = app.refresh_tokens.issue(refresh_token);
    Ok(Token {
        access_token: access_token.expose().to_owned(),
        refresh_token: refresh_token.expose().to_owned(),
        token_type: TokenType::Bearer,
        expires_in: app.access_tokens.lifetime_seconds(),
    })
}

/// Who wants to log in.
#[derive(ToSchema)]
#[schema(example = json!({"username": "tom@example.com", "password": "correct horse 1"}))]
#[expect(
    dead_code,
    reason = "what is accepted and ignored is there for the API's description"
)]
pub struct LoginRequest {
    /// `password`, or absent.
    #[schema(pattern = "^password$")]
    grant_type: Option<String>,
    /// The email address or the user name.
    username: String,
    /// The password.
    #[schema(value_type = String, format = Password)]
    password: Secret,
    /// Accepted and ignored.
    scope: Option<String>,
    /// Accepted and ignored.
    client_id: Option<String>,
    /// Accepted and ignored.
    client_secret: Option<String>,
}

impl LoginRequest {
    /// Who it is meant to be; `None` if no user can have such a name.
    fn login_name(&self) -> Option<LoginName> {
        if self.username.contains('@') {
            Email::parse(&self.username).ok().map(LoginName::Email)
        } else {
            let username = Username::parse(&self.username);
            username.ok().map(LoginName::Username)
        }
    }
}

impl FromFields for LoginRequest {
    fn from_fields(fields: &mut Fields, _: &Settings) -> Option<Self> {
        let grant_type = fields.optional("grant_type", |text| match text {
            "password" => Ok(text.to_owned()),
            _ => Err(Refusal::Pattern("^password$")),
        });
        let username = fields.required_text("username");
        let password = fields.required_text("password");
        Some(Self {
            grant_type,
            username: username?,
            password: Secret::new(password?),
            scope: None,
            client_id: None,
            client_secret: None,
        })
    }
}

/// Which session to go on with, or to end.
#[derive(ToSchema)]
pub struct RefreshTokenRequest {
    /// The session's current refresh token.
    #[schema(value_type = String)]
    refresh_token: Secret,
}

impl FromFields for RefreshTokenRequest {
    fn from_fields(fields: &mut Fields, _: &Settings) -> Option<Self> {
        let refresh_token = fields.required_text("refresh_token");
        Some(Self {
            refresh_token: Secret::new(refresh_token?),
        })
    }
}

/// The tokens of a session.
#[derive(Serialize, ToSchema)]
pub struct Token {
    /// For the `Authorization` header of protected routes.
    access_token: String,
    /// For the next tokens; good once.
    refresh_token: String,
    /// How to send the access token.
    token_type: TokenType,
    /// For how many seconds the access token is good.
    #[schema(example = 1800)]
    expires_in: u64,
}

/// How to send an access token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenType {
    /// `Authorization: Bearer <token>` (RFC 6750, 2.1).
    Bearer,
}

impl IntoResponse for Token {
    fn into_response(self) -> Response {
        // RFC 6749, 5.1: no cache may keep tokens.
        let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        ([no_store], Json(self)).into_response()
    }
}
