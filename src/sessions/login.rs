//! The login endpoint: starts a session.

use secrecy::SecretString;

use axum::extract::State;
use axum::response::Response;
use utoipa::ToSchema;
use uuid::Uuid;

use super::beginning::{
    EMAIL_NOT_VERIFIED, Login, Method, NewSession, ask_to_verify, begin_session,
};
use super::cookie::Jar;
use super::ending::end;
use super::failure_step::failure_step;
use super::login_failure::LoginFailure;
use super::tokens::{Delivery, InCookies, SessionBody, Tokens};
use crate::admin::store::disabling;
use crate::app::App;
use crate::db::{Connection, DbError};
use crate::http::body::{FromFields, ValidForm};
use crate::http::client::Client;
use crate::http::cross_site::CROSS_SITE;
use crate::http::error::validation::Refusal;
use crate::http::error::{Error, error_kinds};
use crate::http::fields::Fields;
use crate::http::openapi::responses::{DatabaseErrors, FormErrors, error_responses};
use crate::http::response_time;
use crate::passwords::hashing;
use crate::passwords::password::Verdict;
use crate::platform::timestamp::Timestamp;
use crate::platform::{clock, random};
use crate::settings::Settings;
use crate::throttle::store::known_networks;
use crate::throttle::{self, Guess, TOO_MANY_REQUESTS, ThrottleErrors};
use crate::users;
use crate::users::email::{Email, MAX_INPUT_BYTES};
use crate::users::store::{Credentials, Lookup};
use crate::users::username::Username;
use crate::verification::EXAMPLE_VERIFICATION;

error_kinds! {
    INCORRECT_CREDENTIALS = UNAUTHORIZED, "Incorrect email or password", with_bearer_challenge();
}

error_responses!(LoginErrors {
    "The username or the password is wrong" => [INCORRECT_CREDENTIALS],
    "The address must be verified first, or the request comes from a page of another site" => [
        Error::with_verification(EMAIL_NOT_VERIFIED, EXAMPLE_VERIFICATION),
        CROSS_SITE,
    ],
});

/// Log in
///
/// OAuth2 password grant (RFC 6749, 4.3). `username` is the email address or the username.
/// With `session=cookie`, the tokens are set as cookies for pages of the same origin, and the client's
/// previous session in cookies ends.
#[utoipa::path(
    post,
    path = "/api/v1/auth/login",
    tag = "auth",
    request_body(content = LoginRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A new session", body = SessionBody),
        FormErrors<LoginRequest>,
        ThrottleErrors,
        DatabaseErrors,
        LoginErrors,
    )
)]
pub async fn login(
    State(app): State<&'static App>,
    client: Client,
    jar: Result<Jar, Error>,
    ValidForm(mut request): ValidForm<LoginRequest>,
) -> Result<Response, Error> {
    let delivery = Delivery::new(request.session.take(), jar)?;
    let started = clock::stopwatch();
    let result = try_login(app, &client, &request).await;
    if result
        .as_ref()
        .is_err_and(|error| error.is(INCORRECT_CREDENTIALS))
    {
        let step = failure_step(app).await?;
        response_time::conceal_in_steps(started, step).await;
    }
    let tokens = result?;
    if let Delivery::Cookies(jar) = &delivery
        && let Some(previous) = jar.refresh_token()
    {
        let mut connection = app.database.connect().await?;
        end(app, &mut connection, previous, clock::now())?;
    }
    Ok(delivery.respond(app, &tokens))
}

async fn try_login(app: &App, client: &Client, request: &LoginRequest) -> Result<Tokens, Error> {
    // No user can have such a long name, which is public knowledge. Skip the costly check.
    if request.username.len() > MAX_INPUT_BYTES {
        return Err(fail(None, LoginFailure::NoSuchUser));
    }
    let now = clock::now();
    let mut connection = app.database.connect().await?;
    let lookup = request.lookup();
    let user = match &lookup {
        Some(lookup) => find_user(&mut connection, lookup, now)?,
        None => None,
    };
    let id = user.as_ref().map_or(Uuid::nil(), |user| user.id);
    let hashed = app.networks.hash_client(client);
    let history = known_networks::find(&mut connection, id, &hashed)?;
    let guess = Guess {
        name: &request.throttle_name(lookup.as_ref()),
        network: client.network,
        is_unknown_network: !history.is_known_network,
    };
    throttle::count_guess(app, &mut connection, &guess, now).inspect_err(|error| {
        if error.is(TOO_MANY_REQUESTS) {
            LoginFailure::Throttled.count();
        }
    })?;
    // No connection is held while the hash waits for its turn.
    drop(connection);
    let user = check_password(app, user, &request.password).await?;

    let mut connection = app.database.connect().await?;
    let session = NewSession::new(app, random::id(), Method::Password, client);
    let session = session.with_login(Login {
        client: hashed,
        history,
        language: client.language,
    });
    let tokens = begin_session(app, &mut connection, &user, &session, clock::now());
    if let Err(error) = &tokens
        && error.is(EMAIL_NOT_VERIFIED)
    {
        // The guess was right. The next ones are, too, until the mail arrives.
        throttle::record_success(app, &mut connection, &user.names, &guess)?;
        return Err(ask_to_verify(app, connection, &user, client.language, now)?);
    }
    let tokens = tokens?;
    let tokens = tokens.ok_or_else(|| fail(Some(&user), LoginFailure::Changed))?;
    throttle::record_success(app, &mut connection, &user.names, &guess)?;
    Ok(tokens)
}

/// Finds the user. A disabling that has ended is lifted first.
fn find_user(
    connection: &mut Connection<'_>,
    lookup: &Lookup,
    now: Timestamp,
) -> Result<Option<Credentials>, DbError> {
    let user = users::store::find_credentials(connection, lookup)?;
    let end = user.as_ref().and_then(|user| user.disabled_until);
    if end.is_some_and(|end| end <= now) {
        disabling::enable_due(connection, now)?;
        return users::store::find_credentials(connection, lookup);
    }
    Ok(user)
}

/// Checks the password. The cost does not depend on whether the user exists.
async fn check_password(
    app: &App,
    user: Option<Credentials>,
    password: &SecretString,
) -> Result<Credentials, Error> {
    let verdict = verify(app, user.as_ref(), password).await?;
    match (verdict, user) {
        (Verdict::Right | Verdict::Outdated, Some(user)) if user.is_disabled => {
            Err(fail(Some(&user), LoginFailure::Disabled))
        }
        (Verdict::Right, Some(user)) => Ok(user),
        (Verdict::Outdated, Some(user)) => renew_hash(app, user, password).await,
        (_, user) => Err(fail(user.as_ref(), LoginFailure::WrongPassword)),
    }
}

async fn verify(
    app: &App,
    user: Option<&Credentials>,
    password: &SecretString,
) -> Result<Verdict, Error> {
    let stored = user.map(|user| user.hashed_password.as_str());
    Ok(hashing::verify(app, password, stored).await?)
}

/// Replaces a hash that uses outdated parameters.
async fn renew_hash(
    app: &App,
    user: Credentials,
    password: &SecretString,
) -> Result<Credentials, Error> {
    let hash = hashing::rehash(app, password).await?;
    let mut connection = app.database.connect().await?;
    if users::store::replace_hash(&mut connection, user.id, &user.hashed_password, &hash)? {
        return Ok(Credentials {
            hashed_password: hash,
            ..user
        });
    }
    // Another login has renewed the hash, or a reset has changed the password. Check the new hash.
    let user = users::store::find_credentials(&mut connection, &Lookup::Id(user.id))?;
    drop(connection);
    match verify(app, user.as_ref(), password).await? {
        Verdict::Wrong => Err(fail(user.as_ref(), LoginFailure::WrongPassword)),
        Verdict::Right | Verdict::Outdated => {
            user.ok_or_else(|| fail(None, LoginFailure::NoSuchUser))
        }
    }
}

/// Logs and counts the reason. The response is the same for every reason.
fn fail(user: Option<&Credentials>, failure: LoginFailure) -> Error {
    let failure = if user.is_some() {
        failure
    } else {
        LoginFailure::NoSuchUser
    };
    let user = user.map(|user| tracing::field::display(user.id));
    tracing::info!(user, reason = failure.reason(), "login failed");
    failure.count();
    INCORRECT_CREDENTIALS.into()
}

/// A login request.
#[derive(ToSchema)]
#[schema(example = json!({"username": "tom@example.com", "password": "correct horse 1"}))]
#[expect(dead_code, reason = "ignored fields exist for the OpenAPI description")]
pub struct LoginRequest {
    /// `password`, empty or absent.
    #[schema(value_type = String, required = false, pattern = "^(password)?$")]
    grant_type: Option<String>,
    /// The email address or the username.
    #[schema(min_length = 1)]
    username: String,
    /// The password.
    #[schema(value_type = String, format = Password, min_length = 1)]
    password: SecretString,
    /// Accepted and ignored.
    #[schema(value_type = String, required = false)]
    scope: Option<String>,
    /// Accepted and ignored.
    #[schema(value_type = String, required = false)]
    client_id: Option<String>,
    /// Accepted and ignored.
    #[schema(value_type = String, required = false)]
    client_secret: Option<String>,
    /// `cookie`: the session is in cookies, and no token in the body.
    #[schema(value_type = String, required = false, pattern = "^(cookie)?$")]
    session: Option<InCookies>,
}

impl LoginRequest {
    /// The key to look the user up by. `None` if no user can have this name.
    fn lookup(&self) -> Option<Lookup> {
        if self.username.contains('@') {
            Email::parse(&self.username).ok().map(Lookup::Email)
        } else {
            Username::parse(&self.username).ok().map(Lookup::Username)
        }
    }

    /// The normalized name that failed logins count for.
    fn throttle_name(&self, lookup: Option<&Lookup>) -> String {
        match lookup {
            Some(Lookup::Email(email)) => email.as_str().to_owned(),
            _ => self.username.to_lowercase(),
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
        let session = InCookies::take(fields);
        Some(Self {
            grant_type,
            username: username?,
            password: SecretString::from(password?),
            scope: None,
            client_id: None,
            client_secret: None,
            session,
        })
    }
}
