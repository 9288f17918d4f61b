//! The user model: identity, role and subscription.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::platform::timestamp::Timestamp;

/// A user's role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Role {
    /// Administrates the application.
    Admin,
    /// Moderates users.
    Moderator,
    /// Default role of a new user.
    Regular,
}

/// A user's plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Subscription {
    /// Default plan of a new user.
    Free,
    /// The paid plan.
    Pro,
}

/// A user, without the password hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: Uuid,
    /// Normalized email address.
    pub email: String,
    /// Username, as entered.
    pub username: String,
    pub role: Role,
    pub subscription: Subscription,
    pub subscription_expires_at: Option<Timestamp>,
    pub created_at: Timestamp,
    /// Whether the user has proven that the address is theirs.
    pub is_email_verified: bool,
}

impl User {
    /// The address, if the user has proven that it is theirs.
    pub fn verified_email(&self) -> Option<&str> {
        self.is_email_verified.then_some(self.email.as_str())
    }
}

impl Role {
    /// The role, as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "ADMIN",
            Self::Moderator => "MODERATOR",
            Self::Regular => "REGULAR",
        }
    }

    pub fn from_stored(text: &str) -> Option<Self> {
        [Self::Admin, Self::Moderator, Self::Regular]
            .into_iter()
            .find(|role| role.as_str() == text)
    }
}

impl Subscription {
    /// The plan, as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Free => "FREE",
            Self::Pro => "PRO",
        }
    }

    pub fn from_stored(text: &str) -> Option<Self> {
        [Self::Free, Self::Pro]
            .into_iter()
            .find(|subscription| subscription.as_str() == text)
    }
}
