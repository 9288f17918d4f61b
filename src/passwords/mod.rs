//! Passwords: rules, checks of new ones, hashes, and password reset.

mod blocklist;
pub mod breaches;
pub mod change_password;
mod folding;
pub mod foreign;
pub mod forgot_password;
pub mod hashing;
pub mod password;
pub mod policy;
mod replacement;
pub mod reset_password;
pub mod reset_token;
pub mod settings;
pub mod store;

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// A success message.
#[derive(Serialize, ToSchema)]
pub struct Message {
    /// Message for people.
    message: &'static str,
}

impl Message {
    pub fn new(message: &'static str) -> Json<Self> {
        Json(Self { message })
    }
}
