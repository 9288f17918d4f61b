//! The only way in: every login, however the user proved who they are, begins its session here.

use uuid::Uuid;

use super::login_failure::LoginFailure;
use super::refresh_token::RefreshToken;
use super::store;
use super::tokens::Tokens;
use crate::app::App;
use crate::crypto::digest::digest;
use crate::db::{Connection, DbError};
use crate::http::client::Client;
use crate::http::error::{Error, error_kinds};
use crate::languages::Language;
use crate::mail::kinds::NEW_SIGN_IN;
use crate::mail::{self, NewMail, verification_link};
use crate::metrics::counters::LOGINS;
use crate::platform::random;
use crate::platform::timestamp::Timestamp;
use crate::throttle::limits::VERIFICATION_MAIL;
use crate::throttle::network::HashedClient;
use crate::throttle::store::known_networks::{self, History};
use crate::users::store::Credentials;
use crate::verification::settings::VerificationMode;
use crate::{throttle, users, verification};

error_kinds! {
    /// The user has proved who they are, but has to verify their address first.
    EMAIL_NOT_VERIFIED = FORBIDDEN, "Verify your email address to log in";
}

/// How a user proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Password,
    /// A refresh token of the legacy service.
    Legacy,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Password, Self::Legacy];

    /// The method, as stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Legacy => "legacy",
        }
    }
}

/// A session to begin.
pub struct NewSession {
    pub id: Uuid,
    pub method: Method,
    pub user_agent: Option<String>,
    /// The network, as a keyed hash.
    pub network: String,
    /// The first part of the address, if the settings keep it.
    pub ip_prefix: Option<String>,
    /// The request that begins it.
    pub request_id: String,
    /// What is known of the client, if its user has just logged in with it.
    pub login: Option<Login>,
}

/// The client of a login, and what is known of it.
pub struct Login {
    pub client: HashedClient,
    pub history: History,
    pub language: Language,
}

impl NewSession {
    /// A session of this client with the id `id`.
    pub fn new(app: &App, id: Uuid, method: Method, client: &Client) -> Self {
        let keeps_prefix = app.settings.sessions.keeps_ip_prefix;
        Self {
            id,
            method,
            user_agent: client.user_agent.clone(),
            network: app.networks.hash(client.network).current,
            ip_prefix: client.network.prefix().filter(|_| keeps_prefix),
            request_id: client.request_id.clone(),
            login: None,
        }
    }

    /// The session of a login, whose client becomes known.
    pub fn with_login(self, login: Login) -> Self {
        Self {
            login: Some(login),
            ..self
        }
    }
}

/// Begins a session for a user who has proved who they are. `None` if the user may not log in: disabled, or
/// the password was changed since the user was read.
///
/// # Errors
/// `EMAIL_NOT_VERIFIED`: respond with [`ask_to_verify`].
pub fn begin_session(
    app: &App,
    connection: &mut Connection<'_>,
    user: &Credentials,
    session: &NewSession,
    now: Timestamp,
) -> Result<Option<Tokens>, Error> {
    if user.is_disabled {
        return Ok(None);
    }
    if user.must_verify {
        if app.settings.verification == VerificationMode::Required {
            let failure = LoginFailure::EmailNotVerified;
            tracing::info!(user = %user.id, reason = failure.reason(), "login refused");
            failure.count();
            return Err(EMAIL_NOT_VERIFIED.into());
        }
        users::store::waive_verification(connection, user.id)?;
    }
    let lifetime = app.settings.sessions.lifetime;
    let Some(begun) = store::insert(connection, session, user, lifetime, now)? else {
        return Ok(None);
    };
    let method = session.method.name();
    tracing::info!(user = %user.id, session = %session.id, method, "logged in");
    LOGINS.count_by(method);
    if begun.is_leaving {
        users::store::deletion::cancel(connection, user.id)?;
        tracing::info!(user = %user.id, "deletion cancelled by a login");
    }
    if let Some(login) = &session.login {
        note_login(connection, user.id, session.id, login, now)?;
    }
    Tokens::issue(app, &begun.grant, RefreshToken::first(session.id), now).map(Some)
}

/// Sends another verification mail, within limits, to a user who may not log in without it. Returns the
/// error to respond with.
///
/// # Errors
/// The database fails.
pub fn ask_to_verify(
    app: &App,
    connection: Connection<'_>,
    user: &Credentials,
    language: Language,
    now: Timestamp,
) -> Result<Error, Error> {
    let mut transaction = connection.begin()?;
    let email = &user.names.email;
    let key = digest(email);
    let id = if throttle::is_within(app, &mut transaction, VERIFICATION_MAIL, key, now)? {
        verification_link::queue(&mut transaction, email, language, now)?
    } else {
        // The mail before this one still counts.
        let pending = verification::store::find_pending(&mut transaction, user.id)?;
        pending.unwrap_or_else(random::id)
    };
    transaction.commit()?;
    Ok(Error::with_verification(EMAIL_NOT_VERIFIED, id))
}

/// Tells the user of a login from a network and with a browser that are both new, and remembers them. Only
/// after that, the client gets its tokens.
fn note_login(
    connection: &mut Connection<'_>,
    user: Uuid,
    session: Uuid,
    login: &Login,
    now: Timestamp,
) -> Result<(), DbError> {
    let history = login.history;
    if !history.is_known_network && !history.is_known_browser {
        let mail = NewMail::new(NEW_SIGN_IN, login.language);
        mail::store::insert_sign_in(connection, &mail, user, session, now)?;
    }
    known_networks::record(connection, user, &login.client, history, now)
}
