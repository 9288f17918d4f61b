//! The endpoint that returns the current session, for services that protect their own routes.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::current_user::{AccessTokenErrors, CurrentSession};
use crate::http::openapi::responses::DatabaseErrors;
use crate::users::user::{Role, Subscription};

/// Get the current session
///
/// The session of the access token and its user, as stored now.
#[utoipa::path(
    get,
    path = "/api/v1/auth/session",
    tag = "auth",
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = [])),
    responses(
        (status = 200, description = "The session is active", body = SessionPublic),
        DatabaseErrors,
        AccessTokenErrors,
    )
)]
pub async fn session(session: CurrentSession) -> Json<SessionPublic> {
    let CurrentSession { id, user_id, user } = session;
    Json(SessionPublic {
        session_id: id,
        user_id,
        username: user.username,
        email: user.email,
        email_verified: user.is_email_verified,
        account_role: user.role,
        account_subscription: user.subscription,
    })
}

/// A session and its user.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "session_id": "3d1c0b8e-5f0a-4a55-8d2e-6f9b1c7a2e40",
    "user_id": "b0f5d8f2-3c53-4c0e-9c59-6f1f0a1f7a52",
    "username": "Tom",
    "email": "tom@example.com",
    "email_verified": false,
    "account_role": "REGULAR",
    "account_subscription": "FREE",
}))]
pub struct SessionPublic {
    /// UUID, version 4. Null for an access token of a legacy service.
    #[schema(required)]
    session_id: Option<Uuid>,
    /// The user's id.
    user_id: Uuid,
    /// The username, as entered.
    username: String,
    /// The email address, in lowercase.
    #[schema(format = Email)]
    email: String,
    /// Whether the user has proven that the address is theirs.
    email_verified: bool,
    /// The user's role.
    account_role: Role,
    /// The user's plan.
    account_subscription: Subscription,
}
