//! The only way in: every login, however the user proved who they are, begins its session here.

use uuid::Uuid;

use super::refresh_token::RefreshToken;
use super::store;
use super::tokens::Tokens;
use crate::app::App;
use crate::db::Connection;
use crate::http::client::Client;
use crate::http::error::Error;
use crate::platform::timestamp::Timestamp;
use crate::users::store::Credentials;

/// How a user proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Password,
    /// A refresh token of the legacy service.
    Legacy,
}

impl Method {
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
        }
    }
}

/// Begins a session for a user who has proved who they are. `None` if the user may not log in: disabled, or
/// the password was changed since the user was read.
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
    let lifetime = app.settings.sessions.lifetime;
    let Some(grant) = store::insert(connection, session, user, lifetime, now)? else {
        return Ok(None);
    };
    let method = session.method.name();
    tracing::info!(user = %user.id, session = %session.id, method, "logged in");
    Tokens::issue(app, &grant, RefreshToken::first(session.id), now).map(Some)
}
