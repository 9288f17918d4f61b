//! Why logins fail.

use crate::metrics::counters::LOGIN_FAILURES;

/// Why a login failed. No response tells it, except for the last two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginFailure {
    NoSuchUser,
    WrongPassword,
    Disabled,
    /// The password was changed, or the user disabled, while the password was checked.
    Changed,
    EmailNotVerified,
    /// Too many passwords were guessed.
    Throttled,
}

impl LoginFailure {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::NoSuchUser,
        Self::WrongPassword,
        Self::Disabled,
        Self::Changed,
        Self::EmailNotVerified,
        Self::Throttled,
    ];

    /// The reason, as logged and counted.
    pub fn reason(self) -> &'static str {
        match self {
            Self::NoSuchUser => "no such user",
            Self::WrongPassword => "wrong password",
            Self::Disabled => "disabled",
            Self::Changed => "password changed or user disabled in the meantime",
            Self::EmailNotVerified => "address not verified",
            Self::Throttled => "throttled",
        }
    }

    /// Counts the failure.
    pub fn count(self) {
        LOGIN_FAILURES.count_by(self.reason());
    }
}
