//! The refresh endpoint: issues the next tokens of a session.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use secrecy::SecretString;
use uuid::Uuid;

use super::beginning::{Method, NewSession, begin_session};
use super::refresh_request::{RefreshRequest, RefreshTokenRequest};
use super::refresh_token::{RefreshToken, Replay, judge_replay};
use super::store::{self, Grant};
use super::tokens::{SessionBody, Tokens};
use crate::app::App;
use crate::db::Connection;
use crate::events::store::Revocation;
use crate::http::client::Client;
use crate::http::error::{Error, error_kinds};
use crate::http::openapi::responses::{DatabaseErrors, JsonErrors, error_responses};
use crate::legacy::store::TokenState;
use crate::metrics::counters::REFRESH_TOKEN_REUSES;
use crate::platform::timestamp::Timestamp;
use crate::platform::{clock, random};
use crate::throttle::ThrottleErrors;
use crate::users::store::Lookup;
use crate::{events, legacy, users};

error_kinds! {
    /// The refresh token is unknown, used or expired.
    INVALID_REFRESH_TOKEN = UNAUTHORIZED, "Invalid or expired refresh token", with_bearer_challenge();
}

error_responses!(RefreshTokenErrors {
    "The token is unknown, used or expired" => [INVALID_REFRESH_TOKEN],
});

/// Refresh the tokens
///
/// Each refresh token is valid once and returns its successor. A used token ends the whole session,
/// except within a few seconds of its use. Without a token in the body, the one in the cookie counts,
/// and the next tokens are set as cookies.
#[utoipa::path(
    post,
    path = "/api/v1/auth/refresh",
    tag = "auth",
    request_body = RefreshTokenRequest,
    responses(
        (status = 200, description = "The next tokens of the session", body = SessionBody),
        JsonErrors<RefreshTokenRequest>,
        ThrottleErrors,
        DatabaseErrors,
        RefreshTokenErrors,
    )
)]
pub async fn refresh(
    State(app): State<&'static App>,
    client: Client,
    request: RefreshRequest,
) -> Response {
    match try_refresh(app, &client, &request.token).await {
        Ok(tokens) => request.delivery.respond(app, &tokens),
        Err(error) if request.is_from_cookie && error.is(INVALID_REFRESH_TOKEN) => {
            request.delivery.respond_ended(app, error)
        }
        Err(error) => error.into_response(),
    }
}

async fn try_refresh(app: &App, client: &Client, token: &SecretString) -> Result<Tokens, Error> {
    let now = clock::now();
    let mut connection = app.database.connect().await?;
    let Some(token) = app.refresh_tokens.read(token) else {
        return exchange_legacy_token(app, connection, client, token, now);
    };
    let lifetime = app.settings.sessions.lifetime;
    let successor = token.successor();
    let grant = match store::rotate(&mut connection, token, lifetime, now)? {
        Some(grant) => grant,
        None => replay(app, connection, client, successor, now)?,
    };
    Tokens::issue(app, &grant, successor, now)
}

/// Handles a used token, given its successor.
fn replay(
    app: &App,
    mut connection: Connection<'_>,
    client: &Client,
    successor: RefreshToken,
    now: Timestamp,
) -> Result<Grant, Error> {
    let id = successor.session;
    let session = store::find(&mut connection, id, now)?;
    let session = session.ok_or_else(|| refuse("the session has ended"))?;
    match judge_replay(successor, session.counter, session.rotated_at, now) {
        Replay::Retried => Ok(session.grant),
        Replay::Reused => {
            let user = session.grant.user;
            let mut transaction = connection.begin()?;
            let revocation = Revocation::reused(user, id);
            events::record_revocation(app, &mut transaction, &revocation, client, now)?;
            store::delete(&mut transaction, id)?;
            transaction.commit()?;
            tracing::warn!(%user, session = %id, "session revoked: refresh token reused");
            REFRESH_TOKEN_REUSES.count();
            Err(INVALID_REFRESH_TOKEN.into())
        }
    }
}

/// Exchanges a legacy refresh token for a session, or continues the session that it was exchanged
/// for.
fn exchange_legacy_token(
    app: &App,
    mut connection: Connection<'_>,
    client: &Client,
    token: &SecretString,
    now: Timestamp,
) -> Result<Tokens, Error> {
    let mut state = legacy::store::find(&mut connection, token, now)?;
    if state == Some(TokenState::Unused) {
        let mut transaction = connection.begin()?;
        let session = NewSession::new(app, random::id(), Method::Legacy, client);
        if let Some(user) = legacy::store::redeem(&mut transaction, token, session.id, now)? {
            let tokens = begin_legacy(app, &mut transaction, user, &session, now)?;
            transaction.commit()?;
            return Ok(tokens);
        }
        // A concurrent request has exchanged it.
        state = legacy::store::find(&mut transaction, token, now)?;
        connection = transaction.commit()?;
    }
    let Some(TokenState::Exchanged(session)) = state else {
        return Err(refuse("unknown token"));
    };
    let successor = RefreshToken::first(session);
    let grant = replay(app, connection, client, successor, now)?;
    Tokens::issue(app, &grant, successor, now)
}

fn begin_legacy(
    app: &App,
    connection: &mut Connection<'_>,
    user: Uuid,
    session: &NewSession,
    now: Timestamp,
) -> Result<Tokens, Error> {
    let user = users::store::find_credentials(connection, &Lookup::Id(user))?;
    let user = user.ok_or_else(|| refuse("the user does not exist"))?;
    let tokens = begin_session(app, connection, &user, session, now)?;
    tokens.ok_or_else(|| refuse("the user is disabled"))
}

fn refuse(reason: &str) -> Error {
    tracing::info!(reason, "refresh refused");
    INVALID_REFRESH_TOKEN.into()
}
