//! All counters. Code counts next to the log line of what it counts.

use super::add;

/// A counter: one series, or one for each value of its label.
#[derive(Debug, Clone, Copy)]
pub struct Counter {
    pub name: &'static str,
    pub help: &'static str,
    pub label: Option<Label>,
}

/// A label of a counter. Other modules declare its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// How a user proved who they are.
    Method,
    /// Why a login failed.
    LoginFailure,
    /// A rate limit.
    Limit,
    /// The code of a captcha's error.
    CaptchaError,
}

/// Declares counters, and the list of them.
macro_rules! counters {
    ($($counter:ident = $name:literal $([$label:ident])?, $help:literal;)+) => {
        $(
            #[doc = $help]
            pub const $counter: Counter = Counter {
                name: $name,
                help: $help,
                label: [$(Label::$label)?].first().copied(),
            };
        )+
        /// All counters.
        pub const ALL: &[Counter] = &[$($counter),+];
    };
}

counters! {
    REGISTRATIONS = "gatehouse_registrations_total", "Accounts that users registered.";
    LOGINS = "gatehouse_logins_total" [Method], "Sessions that began.";
    LOGIN_FAILURES = "gatehouse_login_failures_total" [LoginFailure], "Logins that were refused.";
    PASSWORD_RESETS = "gatehouse_password_resets_total", "Passwords that were reset with a link from a mail.";
    REFRESH_TOKEN_REUSES = "gatehouse_refresh_token_reuses_total", "Sessions revoked because a used refresh token came again.";
    THROTTLED = "gatehouse_throttled_total" [Limit], "Attempts beyond a rate limit.";
    CAPTCHA_FAILURES = "gatehouse_captcha_failures_total" [CaptchaError], "Captchas that were not passed, by the error's code.";
    MAIL_GIVEN_UP = "gatehouse_mail_given_up_total", "Mails that will not be sent.";
}

impl Counter {
    /// Counts one, in a counter without a label.
    pub fn count(self) {
        self.count_by("");
    }

    /// Counts one under this value of the label.
    pub fn count_by(self, value: &'static str) {
        add((self.name, value), 1);
    }
}

impl Label {
    /// The label's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::LoginFailure => "reason",
            Self::Limit => "limit",
            Self::CaptchaError => "error_code",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_counter_has_a_name_of_its_own_that_says_it_is_a_total() {
        let names: BTreeSet<_> = ALL.iter().map(|counter| counter.name).collect();
        assert_eq!(names.len(), ALL.len());
        for name in names {
            assert!(
                name.starts_with("gatehouse_") && name.ends_with("_total"),
                "{name}"
            );
        }
    }
}
