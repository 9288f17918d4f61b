//! Refresh: the next tokens of a session.

use axum::extract::State;

use super::{RefreshTokenRequest, Token};
use crate::ambient;
use crate::app::App;
use crate::domain::secret::Secret;
use crate::domain::session::{RefreshToken, Replay, judge_replay};
use crate::domain::timestamp::Timestamp;
use crate::error::Error;
use crate::error::responses::{DatabaseErrors, JsonErrors, RefreshTokenErrors};
use crate::extract::body::ValidJson;
use crate::store::db::Connection;
use crate::store::predecessor;
use crate::store::sessions::{self, Owner};
use crate::store::users::{self, Lookup};

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
        JsonErrors<RefreshTokenRequest>,
        DatabaseErrors,
        RefreshTokenErrors,
    )
)]
pub async fn refresh(
    State(app): State<&'static App>,
    ValidJson(request): ValidJson<RefreshTokenRequest>,
) -> Result<Token, Error> {
    let now = ambient::now();
    let mut connection = app.database.connect().await?;
    let Some(token) = app.refresh_tokens.read(&request.refresh_token) else {
        return adopt(app, connection, &request.refresh_token, now);
    };
    let lifetime = app.settings.session_lifetime;
    let owner = match sessions::rotate(&mut connection, token, lifetime, now)? {
        Some(owner) => owner,
        None => replay(&mut connection, token, now)?,
    };
    let successor = RefreshToken {
        counter: token.counter + 1,
        ..token
    };
    Token::issue(app, owner.user, owner.role, successor, now)
}

/// Decides about a token that is not the current one of its session.
fn replay(
    connection: &mut Connection<'_>,
    token: RefreshToken,
    now: Timestamp,
) -> Result<Owner, Error> {
    let session = sessions::find(connection, token.session, now)?;
    let session = session.ok_or(Error::InvalidRefreshToken)?;
    match judge_replay(token, session.counter, session.rotated_at, now) {
        Replay::Retried => Ok(session.owner),
        Replay::Reused => {
            tracing::warn!(session = %token.session, "session revoked: refresh token reused");
            sessions::delete(connection, token.session)?;
            Err(Error::InvalidRefreshToken)
        }
    }
}

/// Makes a session of a refresh token of the predecessor.
fn adopt(
    app: &App,
    connection: Connection<'_>,
    token: &Secret,
    now: Timestamp,
) -> Result<Token, Error> {
    let session = ambient::random_id();
    let lifetime = app.settings.session_lifetime;
    let mut transaction = connection.begin()?;
    let user = predecessor::redeem(&mut transaction, token, now)?;
    let user = user.ok_or(Error::InvalidRefreshToken)?;
    let user = users::find_credentials(&mut transaction, &Lookup::Id(user))?;
    let user = user.ok_or(Error::InvalidRefreshToken)?;
    sessions::insert(&mut transaction, session, &user, lifetime, now)?;
    transaction.commit()?;
    let token = RefreshToken {
        session,
        counter: 0,
    };
    Token::issue(app, user.id, user.role, token, now)
}
