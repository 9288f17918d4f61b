//! Error bodies, in the stable format of the API.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::validation::{FieldError, ValidationErrorBody};

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Body {
    /// For 422.
    Validation(ValidationErrorBody),
    /// For a 409 with a suggestion.
    Conflict(ConflictBody),
    /// For every other error.
    Other(ErrorBody),
}

impl Body {
    pub fn validation(detail: Vec<FieldError>) -> Self {
        Self::Validation(ValidationErrorBody { detail })
    }

    pub fn conflict(message: &str, suggestion: String, code: &str) -> Self {
        let message = message.to_owned();
        Self::Conflict(ConflictBody {
            detail: ConflictDetail::Username(UsernameTaken {
                message,
                suggestion,
            }),
            error_code: code.to_owned(),
        })
    }

    pub fn other(detail: &str, code: &str, verification_id: Option<Uuid>) -> Self {
        Self::Other(ErrorBody {
            detail: detail.to_owned(),
            error_code: code.to_owned(),
            verification_id,
        })
    }
}

/// Body of every error except 409 and 422.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// Message for people.
    #[schema(example = "Incorrect email or password")]
    pub detail: String,
    /// Stable code for programs.
    #[schema(example = "INCORRECT_CREDENTIALS")]
    pub error_code: String,
    /// With `EMAIL_NOT_VERIFIED`: identifies the verification of the mail, for the code in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Uuid, required = false)]
    pub verification_id: Option<Uuid>,
}

/// Details of a taken username.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsernameTaken {
    /// Message for people.
    #[schema(example = "Username already taken")]
    pub message: String,
    /// A similar username that is free.
    #[schema(example = "Tom1")]
    pub suggestion: String,
}

/// A message, or for a username also a suggestion.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ConflictDetail {
    #[expect(
        dead_code,
        reason = "for the OpenAPI description; an `ErrorBody` carries the text"
    )]
    Email(String),
    Username(UsernameTaken),
}

/// Body of a 409.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConflictBody {
    /// The taken value.
    pub detail: ConflictDetail,
    /// `EMAIL_TAKEN` or `USERNAME_TAKEN`.
    #[schema(example = "USERNAME_TAKEN")]
    pub error_code: String,
}
