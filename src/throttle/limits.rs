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

/// Declares limits: the name, the burst, and the seconds per attempt. Also declares the list of them.
macro_rules! limits {
    ($($(#[$doc:meta])* $limit:ident = $name:literal, $burst:literal, $seconds:literal;)+) => {
        $(
            $(#[$doc])*
            pub const $limit: Limit = Limit {
                name: $name,
                burst: $burst,
                seconds_per_attempt: $seconds,
            };
        )+
        /// All limits.
        pub const ALL: &[Limit] = &[$($limit),+];
    };
}

limits! {
    /// Logins from one network, successful or not.
    LOGIN = "login", 20, 3;
    /// Failed logins per name and network. A successful login clears them.
    LOGIN_FAILURES = "login-failures", 10, 60;
    /// Failed logins per name from all networks unknown to the account. Low enough against distributed
    /// guessing; the owner's own networks do not count.
    LOGIN_FAILURES_FROM_UNKNOWN_NETWORKS = "login-failures-of-strangers", 30, 60;
    /// Registrations from one network.
    REGISTER = "register", 10, 60;
    /// Requests for a reset link from one network.
    FORGOT_PASSWORD = "forgot-password", 10, 60;
    /// Reset links to one email address. Beyond the limit the response is the same, but no mail is
    /// sent.
    RESET_MAIL = "reset-mail", 3, 1200;
    /// Password resets from one network.
    RESET_PASSWORD = "reset-password", 10, 6;
    /// Uses of links "This wasn't me" from one network.
    NOT_ME = "not-me", 10, 6;
    /// Verifications of addresses from one network.
    VERIFY_EMAIL = "verify-email", 10, 6;
    /// Requests for another verification mail from one network.
    RESEND_VERIFICATION = "resend-verification", 10, 60;
    /// Verification mails to one address, without those of registrations. Beyond the limit the response is the
    /// same, but no mail is sent.
    VERIFICATION_MAIL = "verification-mail", 3, 1200;
    /// Requests to change the address from one network.
    CHANGE_EMAIL = "change-email", 10, 60;
    /// Requests by one user to change the address. Each sends mail to an address that the user chooses.
    CHANGE_EMAIL_BY_USER = "change-email-by-user", 5, 720;
    /// Changes of usernames from one network.
    RENAME = "rename", 10, 60;
    /// Changes of passwords from one network.
    CHANGE_PASSWORD = "change-password", 10, 6;
    /// Ends of a user's own sessions from one network.
    REVOKE = "revoke", 30, 2;
    /// Refreshes from one network.
    REFRESH = "refresh", 30, 2;
    /// Deletions of accounts from one network.
    DELETE_ACCOUNT = "delete-account", 10, 60;
    /// Exports of accounts from one network.
    EXPORT = "export", 5, 60;
    /// Requests of administrators from one network, before the key is checked: enough for a page that searches
    /// as one types, and for a script.
    ADMIN = "admin", 600, 1;
    /// Logouts from one network.
    LOGOUT = "logout", 30, 2;
    /// Scrapes of the metrics from one network.
    METRICS = "metrics", 30, 2;
}

/// Lockout: after this many consecutive failures from unknown networks, no password from such a
/// network is checked until the owner logs in or resets the password (NIST SP 800-63B-4, 3.2.2: at
/// most 100).
pub const LOCKOUT_FAILURES: i64 = 100;

/// The limits whose keys begin with the digest of an account's name.
pub const OF_ACCOUNTS: [Limit; 3] = [LOGIN_FAILURES, RESET_MAIL, VERIFICATION_MAIL];

impl Limit {
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
        let limit = Limit {
            name: "test",
            burst: 10,
            seconds_per_attempt: 60,
        };
        assert_eq!(limit.retry_after_seconds(1000 + 600, now), 60);
        assert_eq!(limit.retry_after_seconds(1000 + 541, now), 1);
        assert_eq!(limit.retry_after_seconds(0, now), 1);
        assert_eq!(limit.retry_after_seconds(1_000_000, now), 60);
    }
}
