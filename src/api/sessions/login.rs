//! Log in: a new session.

use axum::extract::State;
use utoipa::ToSchema;

use super::Token;
use crate::ambient;
use crate::app::App;
use crate::domain::digest::digest;
use crate::domain::email::Email;
use crate::domain::password::Verdict;
use crate::domain::secret::Secret;
use crate::domain::session::RefreshToken;
use crate::domain::throttle::{LOGIN_FAILURES_PER_ACCOUNT, LOGIN_PER_ADDRESS};
use crate::domain::username::Username;
use crate::error::validation::{Refusal, ValidationErrorBody};
use crate::error::{Error, ErrorBody};
use crate::extract::body::{FromFields, ValidForm};
use crate::extract::client::ClientAddress;
use crate::extract::fields::Fields;
use crate::settings::Settings;
use crate::store::db::Connection;
use crate::store::sessions;
use crate::store::users::{self, Credentials, LoginName};
use crate::throttle;

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
        (status = 429, description = "Too many attempts; `Retry-After` says how long to wait", body = ErrorBody),
        (status = 500, description = "The database failed", body = ErrorBody),
        (status = 503, description = "The database is locked", body = ErrorBody),
    )
)]
pub async fn login(
    State(app): State<&'static App>,
    address: ClientAddress,
    ValidForm(request): ValidForm<LoginRequest>,
) -> Result<Token, Error> {
    let now = ambient::now();
    let mut connection = app.database.connect().await?;
    throttle::count(app, &mut connection, LOGIN_PER_ADDRESS, address, now).await?;
    let credentials = match request.login_name() {
        Some(name) => users::find_credentials(&mut connection, &name).await?,
        None => None,
    };
    // Counted before the password is looked at: of many guesses at once, no more pass than may.
    let account = account(&credentials, &request);
    throttle::count(
        app,
        &mut connection,
        LOGIN_FAILURES_PER_ACCOUNT,
        &account,
        now,
    )
    .await?;
    let user = check_password(app, &mut connection, credentials, &request.password).await?;
    throttle::give_back(app, &mut connection, LOGIN_FAILURES_PER_ACCOUNT, &account).await?;

    let now = ambient::now();
    let session = ambient::random_id();
    let lifetime = app.settings.session_lifetime;
    sessions::insert(&mut connection, session, user.id, lifetime, now).await?;
    let token = RefreshToken {
        session,
        counter: 0,
    };
    Token::issue(app, user.id, user.role, token, now)
}

/// Whose failures count together: all names of a user; a name that nobody has counts alike.
fn account(credentials: &Option<Credentials>, request: &LoginRequest) -> String {
    match credentials {
        Some(user) => user.id.to_string(),
        None => digest(&request.username.to_lowercase()),
    }
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
        (Verdict::Right, Some(user)) => return Ok(user),
        (Verdict::Outdated, Some(user)) => user,
        (Verdict::Wrong, Some(user)) => return Err(fail(Some(user))),
        (_, None) => return Err(fail(None)),
    };
    let hash = app
        .password_hasher
        .rehash(password, ambient::random_bytes());
    let hash = hash.map_err(anyhow::Error::from)?;
    users::replace_hash(connection, user.id, &user.hashed_password, hash).await?;
    Ok(user)
}

/// The answer is the same whatever the reason; only the log tells.
fn fail(user: Option<Credentials>) -> Error {
    match user {
        Some(user) => tracing::info!(user = %user.id, "login failed: wrong password"),
        None => tracing::info!("login failed: no such user"),
    }
    Error::IncorrectCredentials
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
