//! Problems with calls to the service, with messages for the user.

use std::fmt::{Display, Formatter, Result};

/// Why a task failed.
pub enum Problem {
    /// No response: the network or the service is down.
    Unreachable,
    /// The response violates the service's contract.
    Unreadable,
    /// There is no session, or it has ended.
    LoggedOut,
    /// Too many attempts; seconds until the next allowed one.
    TooManyRequests(u32),
    /// Any other error response.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The service's message.
        detail: String,
    },
}

impl Problem {
    /// Whether the credentials or the token were invalid.
    pub fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Refused { status: 401, .. })
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Unreachable => {
                f.write_str("The service cannot be reached. Check your connection, and try again.")
            }
            Self::Unreadable => f.write_str("The service gave an answer that makes no sense."),
            Self::LoggedOut => f.write_str("Your session has ended. Please log in again."),
            Self::TooManyRequests(1) => f.write_str("Too many attempts. Try again in a second."),
            Self::TooManyRequests(seconds) => {
                write!(f, "Too many attempts. Try again in {seconds} seconds.")
            }
            Self::Refused { status: 503, .. } => {
                f.write_str("The service is busy. Try again in a moment.")
            }
            Self::Refused { detail, .. } => write!(f, "{detail}."),
        }
    }
}
