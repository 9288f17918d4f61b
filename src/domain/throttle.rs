//! How many attempts are too many.

use super::timestamp::Timestamp;

/// A limit: so many attempts at once, and then one more every so often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// What is limited, and whom the limit holds back.
    pub name: &'static str,
    /// How many attempts are allowed at once.
    pub burst: i64,
    /// After how many seconds one more is allowed.
    pub seconds_per_attempt: i64,
}

/// Logins, right or wrong, from one address.
pub const LOGIN_PER_ADDRESS: Limit = Limit::new("login/address", 20, 3);
/// Failed logins to one account. A password reset clears them.
pub const LOGIN_FAILURES_PER_ACCOUNT: Limit = Limit::new("login/account", 10, 60);
/// Registrations from one address.
pub const REGISTER_PER_ADDRESS: Limit = Limit::new("register/address", 10, 60);
/// Requests for a reset link from one address.
pub const FORGOT_PASSWORD_PER_ADDRESS: Limit = Limit::new("forgot-password/address", 10, 60);
/// Reset links to one email address. Past it the answer is as ever, but no mail is sent.
pub const FORGOT_PASSWORD_PER_EMAIL: Limit = Limit::new("forgot-password/email", 3, 1200);
/// Password resets from one address.
pub const RESET_PASSWORD_PER_ADDRESS: Limit = Limit::new("reset-password/address", 10, 6);
/// Refreshes from one address.
pub const REFRESH_PER_ADDRESS: Limit = Limit::new("refresh/address", 30, 2);
/// Logouts from one address.
pub const LOGOUT_PER_ADDRESS: Limit = Limit::new("logout/address", 30, 2);

impl Limit {
    const fn new(name: &'static str, burst: i64, seconds_per_attempt: i64) -> Self {
        Self {
            name,
            burst,
            seconds_per_attempt,
        }
    }

    /// How far `full_at`, when all attempts would be allowed again, may lie ahead.
    pub fn horizon_seconds(self) -> i64 {
        self.burst * self.seconds_per_attempt
    }

    /// In how many seconds one more attempt is allowed to whom is held back until `full_at`.
    pub fn retry_after_seconds(self, full_at: i64, now: Timestamp) -> i64 {
        (full_at + self.seconds_per_attempt - self.horizon_seconds() - now.unix()).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_used_up_the_burst_waits_for_one_attempt() {
        let now = Timestamp::from_unix(1000).expect("a moment");
        let limit = Limit::new("test", 10, 60);
        assert_eq!(limit.retry_after_seconds(1000 + 600, now), 60);
        assert_eq!(limit.retry_after_seconds(1000 + 541, now), 1);
        assert_eq!(limit.retry_after_seconds(0, now), 1);
    }
}
