//! Maps database errors to responses.

use tracing::Level;

use super::Error;
use crate::db::DbError;

error_kinds! {
    DB_ERROR = INTERNAL_SERVER_ERROR, "Database error: Internal operation failed.", logged(Level::ERROR, "request failed");
    DB_LOCKED = SERVICE_UNAVAILABLE, "Database error: Resource is locked. Service temporarily unavailable.", logged(Level::ERROR, "request failed");
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        let kind = match error {
            DbError::Locked | DbError::Expired(_) => DB_LOCKED,
            _ => DB_ERROR,
        };
        Self::with_cause(kind, error)
    }
}
