//! The errors that many routes have in common, for the API's description.
#![expect(dead_code, reason = "what is described here is answered by `Error`")]

use utoipa::IntoResponses;

use super::ErrorBody;
use super::validation::ValidationErrorBody;

/// What any route can answer that uses the database.
#[derive(IntoResponses)]
pub enum DatabaseErrors {
    /// The database failed
    #[response(status = 500)]
    Failed(ErrorBody),
    /// The database is locked
    #[response(status = 503)]
    Locked(ErrorBody),
}

/// What any route can answer that takes a body and counts attempts.
#[derive(IntoResponses)]
pub enum RequestErrors {
    /// The body is larger than 1 MiB
    #[response(status = 413)]
    BodyTooLarge(ErrorBody),
    /// Fields that break rules
    #[response(status = 422)]
    Validation(ValidationErrorBody),
    /// Too many attempts; `Retry-After` says how long to wait
    #[response(status = 429)]
    TooManyRequests(ErrorBody),
}
