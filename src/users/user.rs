//! Users: who they are and what they may do.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::platform::timestamp::Timestamp;

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Role {
    /// Runs the application.
    Admin,
    /// Keeps order among the users.
    Moderator,
    /// Everybody else; the role of a new user.
    Regular,
}

/// What a user has paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Subscription {
    /// Nothing; the subscription of a new user.
    Free,
    /// The paid plan.
    Pro,
}

/// A user as the application may see them: everything but the password's hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// UUID, version 4.
    pub id: Uuid,
    /// The address, in its stored form.
    pub email: String,
    /// The name, as it was typed.
    pub username: String,
    /// What the user may do.
    pub role: Role,
    /// What the user has paid for.
    pub subscription: Subscription,
    /// When the subscription ends, if it does.
    pub subscription_expires_at: Option<Timestamp>,
    /// When the user registered.
    pub created_at: Timestamp,
}

impl Role {
    /// The role as it is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "ADMIN",
            Self::Moderator => "MODERATOR",
            Self::Regular => "REGULAR",
        }
    }

    /// Reads a stored role.
    pub fn from_stored(text: &str) -> Option<Self> {
        [Self::Admin, Self::Moderator, Self::Regular]
            .into_iter()
            .find(|role| role.as_str() == text)
    }
}

impl Subscription {
    /// The subscription as it is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Free => "FREE",
            Self::Pro => "PRO",
        }
    }

    /// Reads a stored subscription.
    pub fn from_stored(text: &str) -> Option<Self> {
        [Self::Free, Self::Pro]
            .into_iter()
            .find(|subscription| subscription.as_str() == text)
    }
}
