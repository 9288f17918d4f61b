//! Maps database errors to responses.

use axum::http::StatusCode;
use tracing::Level;

use super::{Error, ErrorKind};
use crate::db::DbError;

pub const DATABASE_FAILED: ErrorKind = ErrorKind::new(
    StatusCode::INTERNAL_SERVER_ERROR,
    "DB_ERROR",
    "Database error: Internal operation failed.",
)
.logged(Level::ERROR, "request failed");

pub const DATABASE_LOCKED: ErrorKind = ErrorKind::new(
    StatusCode::SERVICE_UNAVAILABLE,
    "DB_LOCKED",
    "Database error: Resource is locked. Service temporarily unavailable.",
)
.logged(Level::ERROR, "request failed");

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        let kind = match error {
            DbError::Locked => DATABASE_LOCKED,
            _ => DATABASE_FAILED,
        };
        Self::with_cause(kind, error)
    }
}
