//! Verification of email addresses, by a link or a code in a mail.

pub mod change_email;
pub mod code;
pub mod resend_verification;
pub mod settings;
pub mod store;
pub mod token;
pub mod verify_email;

use axum::Json;
use serde::Serialize;
use time::Duration;
use utoipa::ToSchema;
use uuid::Uuid;

/// How long the link of a verification can be used.
pub const LINK_LIFETIME: Duration = Duration::hours(24);
/// How long its code can be used: shorter, because eight digits can be guessed.
pub const CODE_LIFETIME: Duration = Duration::minutes(10);

/// The verification in the examples of the description.
pub const EXAMPLE_VERIFICATION: Uuid = Uuid::from_u128(0x7c9e6679_7425_40de_944b_e07fc1f90ae7);

/// A verification of an address.
pub struct Verification {
    pub user: Uuid,
    pub email: String,
    /// Whether the address is to replace the user's.
    pub is_change: bool,
}

/// A message, and the verification whose code a page can ask for.
#[derive(Serialize, ToSchema)]
pub struct VerificationSent {
    /// Message for people.
    message: &'static str,
    /// Identifies the verification of the mail, for the code in it. Without a mail, it identifies nothing.
    verification_id: Uuid,
}

impl VerificationSent {
    pub fn new(message: &'static str, verification_id: Uuid) -> Json<Self> {
        Json(Self {
            message,
            verification_id,
        })
    }
}
