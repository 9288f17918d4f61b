//! The bodies of errors, in the shape that callers can rely on.

use serde::Serialize;
use utoipa::ToSchema;

use super::validation::{FieldError, ValidationErrorBody};

/// The body of an error.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Body {
    /// Of a 422.
    Validation(ValidationErrorBody),
    /// Of a 409 that suggests another value.
    Conflict(ConflictBody),
    /// Of every other.
    Other(ErrorBody),
}

impl Body {
    /// The body of a 422.
    pub fn validation(detail: Vec<FieldError>) -> Self {
        Self::Validation(ValidationErrorBody { detail })
    }

    /// The body of a 409 that suggests another value.
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

    /// The body of every other error.
    pub fn other(detail: &str, code: &str) -> Self {
        Self::Other(ErrorBody {
            detail: detail.to_owned(),
            error_code: code.to_owned(),
        })
    }
}

/// The body of every error but 409 and 422.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong, for a person.
    #[schema(example = "Incorrect email or password")]
    pub detail: String,
    /// What went wrong, for a program: it stays the same when the words change.
    #[schema(example = "INCORRECT_CREDENTIALS")]
    pub error_code: String,
}

/// What to do about a name that is taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsernameTaken {
    /// What went wrong, for a person.
    #[schema(example = "Username already taken")]
    pub message: String,
    /// A name like it that is free.
    #[schema(example = "Tom1")]
    pub suggestion: String,
}

/// The detail of a conflict: a text, or for a name also a suggestion.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ConflictDetail {
    /// The email address is taken.
    #[expect(
        dead_code,
        reason = "described; the same text stands in an `ErrorBody`"
    )]
    Email(String),
    /// The name is taken.
    Username(UsernameTaken),
}

/// The body of a 409.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConflictBody {
    /// What is taken.
    pub detail: ConflictDetail,
    /// `EMAIL_TAKEN` or `USERNAME_TAKEN`.
    #[schema(example = "USERNAME_TAKEN")]
    pub error_code: String,
}
