//! The limits: how many attempts are too many.

use crate::platform::timestamp::Timestamp;

/// A limit: so many attempts at once, and then one more every so often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Names the limit in the log and in the database.
    pub name: &'static str,
    /// How many attempts are allowed at once.
    pub burst: i64,
    /// Seconds until one more attempt is allowed.
    pub seconds_per_attempt: i64,
}

/// Logins, right or wrong, from one network.
pub const LOGIN: Limit = Limit::new("login", 20, 3);
/// Failed logins under one name from one network. A login from there clears them.
pub const LOGIN_FAILURES: Limit = Limit::new("login-failures", 10, 60);
/// Failed logins under one name from all networks that never logged in to the account: few
/// enough against guessing by many machines, and the owner's own networks do not count.
pub const LOGIN_FAILURES_OF_STRANGERS: Limit = Limit::new("login-failures-of-strangers", 30, 60);
/// After as many failures of strangers in a row none of their passwords is checked until the owner
/// logs in or resets the password (NIST SP 800-63B-4, 3.2.2: no more than 100).
pub const MAX_STRANGERS_IN_A_ROW: i64 = 100;
/// Registrations from one network.
pub const REGISTER: Limit = Limit::new("register", 10, 60);
/// Requests for a reset link from one network.
pub const FORGOT_PASSWORD: Limit = Limit::new("forgot-password", 10, 60);
/// Reset links to one email address. Past it the answer is as ever, but no mail is sent.
pub const RESET_MAIL: Limit = Limit::new("reset-mail", 3, 1200);
/// Password resets from one network.
pub const RESET_PASSWORD: Limit = Limit::new("reset-password", 10, 6);
/// Refreshes from one network.
pub const REFRESH: Limit = Limit::new("refresh", 30, 2);
/// Logouts from one network.
pub const LOGOUT: Limit = Limit::new("logout", 30, 2);
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

    /// Seconds until the next allowed attempt, when all would be allowed again at `full_at`.
    pub fn retry_after_seconds(self, full_at: i64, now: Timestamp) -> i64 {
        let wait = full_at + self.seconds_per_attempt - self.horizon_seconds() - now.unix();
        wait.clamp(1, self.seconds_per_attempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_the_burst_the_wait_is_for_one_attempt_and_never_longer() {
        let now = Timestamp::from_unix(1000).expect("a moment");
        let limit = Limit::new("test", 10, 60);
        assert_eq!(limit.retry_after_seconds(1000 + 600, now), 60);
        assert_eq!(limit.retry_after_seconds(1000 + 541, now), 1);
        assert_eq!(limit.retry_after_seconds(0, now), 1);
        assert_eq!(limit.retry_after_seconds(1_000_000, now), 60);
    }
}
