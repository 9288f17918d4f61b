//! Users: registration, the current user, and a protected test route.

pub mod email;
pub mod export;
pub mod me;
pub mod register;
pub mod rename;
pub mod settings;
pub mod standing;
pub mod store;
pub mod test_data;
pub mod user;
pub mod username;

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use self::user::{Role, Subscription, User};
use crate::app::App;
use crate::db::{Connection, DbError};

/// Finds a user, with the role that the settings give.
pub fn find(app: &App, connection: &mut Connection<'_>, id: Uuid) -> Result<Option<User>, DbError> {
    let user = store::find(connection, id)?;
    Ok(user.map(|user| app.settings.administrators.apply(user)))
}

/// A user, without the password.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "email": "tom@example.com",
    "username": "Tom",
    "id": "b0f5d8f2-3c53-4c0e-9c59-6f1f0a1f7a52",
    "account_role": "REGULAR",
    "account_subscription": "FREE",
    "subscription_expires_at": null,
    "created_at": "2026-11-22T11:46:27Z",
}))]
pub struct UserPublic {
    /// The email address, in lowercase.
    #[schema(format = Email, example = "tom@example.com")]
    email: String,
    /// The username, as entered.
    #[schema(example = "Tom")]
    username: String,
    /// UUID, version 4.
    id: Uuid,
    /// The user's role.
    account_role: Role,
    /// The user's plan.
    account_subscription: Subscription,
    /// End of the subscription, if it has one.
    #[schema(required, format = DateTime)]
    subscription_expires_at: Option<String>,
    /// Time of the registration, in UTC.
    #[schema(format = DateTime, example = "2026-11-22T11:46:27Z")]
    created_at: String,
}

/// A user, as they see themselves.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "email": "tom@example.com",
    "username": "Tom",
    "id": "b0f5d8f2-3c53-4c0e-9c59-6f1f0a1f7a52",
    "account_role": "REGULAR",
    "account_subscription": "FREE",
    "subscription_expires_at": null,
    "created_at": "2026-11-22T11:46:27Z",
    "email_verified": false,
    "mfa": false,
}))]
pub struct Account {
    #[serde(flatten)]
    user: UserPublic,
    /// Whether the user has proven that the address is theirs.
    email_verified: bool,
    /// Whether a login takes a second factor. There is none yet.
    mfa: bool,
}

impl From<User> for Account {
    fn from(user: User) -> Self {
        Self {
            email_verified: user.is_email_verified,
            mfa: false,
            user: user.into(),
        }
    }
}

impl From<User> for UserPublic {
    fn from(user: User) -> Self {
        Self {
            email: user.email,
            username: user.username,
            id: user.id,
            account_role: user.role,
            account_subscription: user.subscription,
            subscription_expires_at: user.subscription_expires_at.map(|at| at.to_rfc3339()),
            created_at: user.created_at.to_rfc3339(),
        }
    }
}
