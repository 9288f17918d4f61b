//! The endpoint that returns the current session, for services that protect their own routes.

use axum::Json;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::current_user::{AccessTokenErrors, CurrentSession};
use crate::http::openapi::responses::DatabaseErrors;
use crate::users::user::{Role, Subscription};

/// Get the current session
///
/// The session of the access token and its user, as stored now. The headers say the same, so a service that
/// only needs to know who sent a request can ask with `HEAD`.
#[utoipa::path(
    get,
    path = "/api/v1/auth/session",
    tag = "auth",
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = [])),
    responses(
        (
            status = 200,
            description = "The session is active",
            body = SessionPublic,
            headers(
                ("x-gatehouse-user-id" = String, description = "`user_id`"),
                ("x-gatehouse-username" = String, description = "`username`, in UTF-8"),
                ("x-gatehouse-email" = String, description = "`email`, in UTF-8"),
                ("x-gatehouse-email-verified" = String, description = "`email_verified`"),
                ("x-gatehouse-role" = String, description = "`account_role`"),
                ("x-gatehouse-subscription" = String, description = "`account_subscription`"),
                ("x-gatehouse-session" = String, description = "`session_id`; absent if it is null"),
            ),
        ),
        DatabaseErrors,
        AccessTokenErrors,
    )
)]
pub async fn session(session: CurrentSession) -> (HeaderMap, Json<SessionPublic>) {
    let CurrentSession { id, user_id, user } = session;
    let session = SessionPublic {
        session_id: id,
        user_id,
        username: user.username,
        email: user.email,
        email_verified: user.is_email_verified,
        account_role: user.role,
        account_subscription: user.subscription,
    };
    (headers(&session), Json(session))
}

/// The session for the guard, which hands these headers on to the component behind it. A value that fits into
/// no header is left out, and the guard refuses a session without it.
fn headers(session: &SessionPublic) -> HeaderMap {
    let id = session.session_id.map(|id| id.to_string());
    let values = [
        ("x-gatehouse-user-id", Some(session.user_id.to_string())),
        ("x-gatehouse-username", Some(session.username.clone())),
        ("x-gatehouse-email", Some(session.email.clone())),
        (
            "x-gatehouse-email-verified",
            Some(session.email_verified.to_string()),
        ),
        (
            "x-gatehouse-role",
            Some(session.account_role.as_str().to_owned()),
        ),
        (
            "x-gatehouse-subscription",
            Some(session.account_subscription.as_str().to_owned()),
        ),
        ("x-gatehouse-session", id),
    ];
    let header = |(name, value): (&'static str, Option<String>)| {
        let value = HeaderValue::try_from(value?.into_bytes()).ok()?;
        Some((HeaderName::from_static(name), value))
    };
    values.into_iter().filter_map(header).collect()
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
