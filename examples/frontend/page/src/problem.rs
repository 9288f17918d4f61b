//! What can go wrong between this page and the service, in words for the person before it.

use std::fmt::{Display, Formatter, Result};

/// Why something could not be done.
pub enum Problem {
    /// No answer came: the network or the service is down.
    Unreachable,
    /// The answer is not what the service's contract promises.
    Unreadable,
    /// The session is over, or never was.
    LoggedOut,
    /// Too often; seconds until it makes sense to try again.
    TooManyRequests(u32),
    /// Any other refusal.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The service's own words.
        detail: String,
    },
}

impl Problem {
    /// Whether the credentials or the token were not good.
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
