//! All rate limits, and the lockout after consecutive failures.

use crate::platform::timestamp::Timestamp;

/// A rate limit: a burst, then one attempt per interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Identifies the limit in the log and in the database.
    pub name: &'static str,
    /// Number of attempts allowed at once.
    pub burst: i64,
    /// Interval in seconds between further attempts.
    pub seconds_per_attempt: i64,
}

/// Logins from one network, successful or not.
pub const LOGIN: Limit = Limit::new("login", 20, 3);
/// Failed logins per name and network. A successful login clears them.
pub const LOGIN_FAILURES: Limit = Limit::new("login-failures", 10, 60);
/// Failed logins per name from all networks unknown to the account. Low enough against distributed
/// guessing; the owner's own networks do not count.
pub const LOGIN_FAILURES_FROM_UNKNOWN_NETWORKS: Limit =
    Limit::new("login-failures-of-strangers", 30, 60);
/// Lockout: after this many consecutive failures from unknown networks, no password from such a
/// network is checked until the owner logs in or resets the password (NIST SP 800-63B-4, 3.2.2: at
/// most 100).
pub const LOCKOUT_FAILURES: i64 = 100;
/// Registrations from one network.
pub const REGISTER: Limit = Limit::new("register", 10, 60);
/// Requests for a reset link from one network.
pub const FORGOT_PASSWORD: Limit = Limit::new("forgot-password", 10, 60);
/// Reset links to one email address. Beyond the limit the response is the same, but no mail is
/// sent.
pub const RESET_MAIL: Limit = Limit::new("reset-mail", 3, 1200);
/// Password resets from one network.
pub const RESET_PASSWORD: Limit = Limit::new("reset-password", 10, 6);
/// Uses of links "This wasn't me" from one network.
pub const NOT_ME: Limit = Limit::new("not-me", 10, 6);
/// Verifications of addresses from one network.
pub const VERIFY_EMAIL: Limit = Limit::new("verify-email", 10, 6);
/// Requests for another verification mail from one network.
pub const RESEND_VERIFICATION: Limit = Limit::new("resend-verification", 10, 60);
/// Verification mails to one address, without those of registrations. Beyond the limit the response is the
/// same, but no mail is sent.
pub const VERIFICATION_MAIL: Limit = Limit::new("verification-mail", 3, 1200);
/// Requests to change the address from one network.
pub const CHANGE_EMAIL: Limit = Limit::new("change-email", 10, 60);
/// Requests by one user to change the address. Each sends mail to an address that the user chooses.
pub const CHANGE_EMAIL_BY_USER: Limit = Limit::new("change-email-by-user", 5, 720);
/// Changes of usernames from one network.
pub const RENAME: Limit = Limit::new("rename", 10, 60);
/// Changes of passwords from one network.
pub const CHANGE_PASSWORD: Limit = Limit::new("change-password", 10, 6);
/// Ends of a user's own sessions from one network.
pub const REVOKE: Limit = Limit::new("revoke", 30, 2);
/// Refreshes from one network.
pub const REFRESH: Limit = Limit::new("refresh", 30, 2);
/// Deletions of accounts from one network.
pub const DELETE_ACCOUNT: Limit = Limit::new("delete-account", 10, 60);
/// Exports of accounts from one network.
pub const EXPORT: Limit = Limit::new("export", 5, 60);
/// Requests of administrators from one network, before the key is checked: enough for a page that searches
/// as one types, and for a script.
pub const ADMIN: Limit = Limit::new("admin", 600, 1);
/// Logouts from one network.
pub const LOGOUT: Limit = Limit::new("logout", 30, 2);

/// The limits whose keys begin with the digest of an account's name.
pub const OF_ACCOUNTS: [Limit; 3] = [LOGIN_FAILURES, RESET_MAIL, VERIFICATION_MAIL];

impl Limit {
    const fn new(name: &'static str, burst: i64, seconds_per_attempt: i64) -> Self {
        Self {
            name,
            burst,
            seconds_per_attempt,
        }
    }

    /// Maximum distance of `full_at` from now. `full_at` is the time when the whole burst is
    /// available again.
    pub fn horizon_seconds(self) -> i64 {
        self.burst * self.seconds_per_attempt
    }

    /// Seconds until the next allowed attempt, given `full_at`.
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
