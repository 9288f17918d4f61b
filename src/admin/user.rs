//! A user, as administrators see them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::http::error::validation::Refusal;
use crate::platform::timestamp::Timestamp;
use crate::users::Account;
use crate::users::user::User;

/// A user with what administrators have done to them, as stored.
pub struct ManagedUser {
    pub user: User,
    pub disabled_at: Option<Timestamp>,
    pub disabled_until: Option<Timestamp>,
    pub disabled_reason: Option<String>,
    pub deletes_at: Option<Timestamp>,
}

/// What state an account is in: the first of these that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// An administrator keeps the user out.
    Disabled,
    /// The user asked to be deleted, and will be.
    Deleting,
    /// The user has not proven that the address is theirs.
    Unverified,
    /// None of these.
    Active,
}

impl Status {
    const NAMED: [(&str, Self); 4] = [
        ("disabled", Self::Disabled),
        ("deleting", Self::Deleting),
        ("unverified", Self::Unverified),
        ("active", Self::Active),
    ];

    /// # Errors
    /// It is no status.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let found = Self::NAMED.into_iter().find(|(name, _)| *name == text);
        let refusal = "'disabled', 'deleting', 'unverified' or 'active'";
        found.map(|(_, it)| it).ok_or(Refusal::Choice(refusal))
    }
}

/// A user, as administrators see them.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "email": "tom@example.com",
    "username": "Tom",
    "id": "b0f5d8f2-3c53-4c0e-9c59-6f1f0a1f7a52",
    "account_role": "REGULAR",
    "account_subscription": "FREE",
    "subscription_expires_at": null,
    "created_at": "2026-11-22T11:46:27Z",
    "email_verified": true,
    "mfa": false,
    "status": "disabled",
    "admin_by_setting": false,
    "disabled_at": "2026-11-28T20:15:00Z",
    "disabled_until": null,
    "disabled_reason": "Spam",
    "deletes_at": null,
}))]
pub struct AdminUser {
    #[serde(flatten)]
    account: Account,
    /// The state of the account.
    status: Status,
    /// The user is an administrator because the settings name the address, whatever the stored role.
    admin_by_setting: bool,
    /// When an administrator disabled the user, in UTC.
    #[schema(required, format = DateTime)]
    disabled_at: Option<String>,
    /// When that ends, in UTC, if it has an end.
    #[schema(required, format = DateTime)]
    disabled_until: Option<String>,
    /// Why, in an administrator's words.
    #[schema(required)]
    disabled_reason: Option<String>,
    /// When the user is deleted, in UTC, if the user asked for it.
    #[schema(required, format = DateTime)]
    deletes_at: Option<String>,
}

impl AdminUser {
    pub fn new(app: &App, managed: ManagedUser) -> Self {
        let status = managed.status();
        let user = app.settings.administrators.apply(managed.user);
        let time = |at: Option<Timestamp>| at.map(Timestamp::to_rfc3339);
        Self {
            status,
            admin_by_setting: app.settings.administrators.includes(user.verified_email()),
            disabled_at: time(managed.disabled_at),
            disabled_until: time(managed.disabled_until),
            disabled_reason: managed.disabled_reason,
            deletes_at: time(managed.deletes_at),
            account: user.into(),
        }
    }
}

impl ManagedUser {
    fn status(&self) -> Status {
        if self.disabled_at.is_some() {
            Status::Disabled
        } else if self.deletes_at.is_some() {
            Status::Deleting
        } else if !self.user.is_email_verified {
            Status::Unverified
        } else {
            Status::Active
        }
    }
}
