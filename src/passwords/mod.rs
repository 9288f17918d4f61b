//! Passwords: their rules and hashes, and a new one for a user who forgot theirs.

pub mod forgot_password;
pub mod hashing;
pub mod password;
pub mod reset_password;
pub mod reset_token;
pub mod settings;
pub mod store;

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// What was done, for a person.
#[derive(Serialize, ToSchema)]
pub struct Message {
    /// What was done.
    message: &'static str,
}

impl Message {
    fn new(message: &'static str) -> Json<Self> {
        Json(Self { message })
    }
}
