//! The refresh endpoint: issues the next tokens of a session.

use axum::Json;
use axum::extract::State;
use secrecy::SecretString;
use uuid::Uuid;

use super::refresh_token::{RefreshToken, Replay, judge_replay};
use super::store::{self, Owner};
use super::{RefreshTokenRequest, Token};
use crate::app::App;
use crate::db::{Connection, Transaction};
use crate::http::body::ValidJson;
use crate::http::error::{Error, error_kinds};
use crate::http::openapi::responses::{DatabaseErrors, JsonErrors, error_responses};
use crate::legacy::store::TokenState;
use crate::platform::timestamp::Timestamp;
use crate::platform::{clock, random};
use crate::throttle::ThrottleErrors;
use crate::users::store::{Credentials, Lookup};
use crate::{legacy, users};

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
/// except within a few seconds of its use.
#[utoipa::path(
    post,
    path = "/api/v1/auth/refresh",
    tag = "auth",
    request_body = RefreshTokenRequest,
    responses(
        (status = 200, description = "The next tokens of the session", body = Token),
        JsonErrors<RefreshTokenRequest>,
        ThrottleErrors,
        DatabaseErrors,
        RefreshTokenErrors,
    )
)]
pub async fn refresh(
    State(app): State<&'static App>,
    ValidJson(request): ValidJson<RefreshTokenRequest>,
) -> Result<Json<Token>, Error> {
    let now = clock::now();
    let mut connection = app.database.connect().await?;
    let Some(token) = app.refresh_tokens.read(&request.refresh_token) else {
        return exchange_legacy_token(app, connection, &request.refresh_token, now).map(Json);
    };
    let lifetime = app.settings.sessions.lifetime;
    let successor = token.successor();
    let owner = match store::rotate(&mut connection, token, lifetime, now)? {
        Some(owner) => owner,
        None => replay(&mut connection, successor, now)?,
    };
    Token::issue(app, owner.user, owner.role, successor, now).map(Json)
}

/// Handles a used token, given its successor.
fn replay(
    connection: &mut Connection<'_>,
    successor: RefreshToken,
    now: Timestamp,
) -> Result<Owner, Error> {
    let id = successor.session;
    let session = store::find(connection, id, now)?;
    let session = session.ok_or_else(|| refuse("the session has ended"))?;
    match judge_replay(successor, session.counter, session.rotated_at, now) {
        Replay::Retried => Ok(session.owner),
        Replay::Reused => {
            store::delete(connection, id)?;
            let user = session.owner.user;
            tracing::warn!(%user, session = %id, "session revoked: refresh token reused");
            Err(INVALID_REFRESH_TOKEN.into())
        }
    }
}

/// Exchanges a legacy refresh token for a session, or continues the session that it was exchanged
/// for.
fn exchange_legacy_token(
    app: &App,
    mut connection: Connection<'_>,
    token: &SecretString,
    now: Timestamp,
) -> Result<Token, Error> {
    let mut state = legacy::store::find(&mut connection, token, now)?;
    if state == Some(TokenState::Unused) {
        let mut transaction = connection.begin()?;
        let id = random::id();
        if let Some(user) = begin_session(app, &mut transaction, id, token, now)? {
            transaction.commit()?;
            return Token::issue(app, user.id, user.role, RefreshToken::first(id), now);
        }
        // A concurrent request has exchanged it.
        state = legacy::store::find(&mut transaction, token, now)?;
        connection = transaction.commit()?;
    }
    let Some(TokenState::Exchanged(session)) = state else {
        return Err(refuse("unknown token"));
    };
    let successor = RefreshToken::first(session);
    let owner = replay(&mut connection, successor, now)?;
    Token::issue(app, owner.user, owner.role, successor, now)
}

/// Returns `None` if the token was used in the meantime.
fn begin_session(
    app: &App,
    transaction: &mut Transaction<'_>,
    id: Uuid,
    token: &SecretString,
    now: Timestamp,
) -> Result<Option<Credentials>, Error> {
    let Some(user) = legacy::store::redeem(transaction, token, id, now)? else {
        return Ok(None);
    };
    let user = users::store::find_credentials(transaction, &Lookup::Id(user))?;
    let user = user.filter(|user| !user.is_disabled);
    let user = user.ok_or_else(|| refuse("the user is disabled"))?;
    store::insert(transaction, id, &user, app.settings.sessions.lifetime, now)?;
    Ok(Some(user))
}

fn refuse(reason: &str) -> Error {
    tracing::info!(reason, "refresh refused");
    INVALID_REFRESH_TOKEN.into()
}
