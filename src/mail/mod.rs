//! Mail that the service sends: which there is, and how often a failed one is tried again.

pub mod delivery;
pub mod kinds;
mod providers;
pub mod settings;
pub mod store;

use time::Duration;
use uuid::Uuid;

use self::kinds::MailKind;
use crate::languages::Language;
use crate::passwords::reset_token::HashedToken;
use crate::platform::timestamp::Timestamp;

/// After how many minutes a mail is tried again that failed for the first, second ... time: five
/// tries within about an hour. A reset link is of little use later.
const RETRY_MINUTES: [i64; MAX_ATTEMPTS - 1] = [1, 4, 15, 40];
/// The longest that a provider may ask to be left alone.
const MAX_RETRY_AFTER: Duration = Duration::HOUR;
/// After as many tries a mail is given up.
const MAX_ATTEMPTS: usize = 5;

/// A mail to put into the outbox.
#[derive(Debug, Clone, Copy)]
pub struct NewMail {
    /// A new identifier.
    pub id: Uuid,
    /// What it is about.
    pub kind: MailKind,
    /// The language of the request that asks for it.
    pub language: Language,
}

/// A mail that is due, with what is needed to write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueMail {
    /// The same at every try: a provider that knows it already sends nothing again.
    pub id: Uuid,
    /// What it is about.
    pub kind: MailKind,
    /// The token of its link, if it has one.
    pub token: Option<LinkToken>,
    /// The address as it is stored now.
    pub to: String,
    /// The recipient's user name.
    pub username: String,
    /// The language of the request that asked for it.
    pub language: Language,
    /// How often it has been tried, this time included.
    pub attempts: usize,
    /// Whether it is no longer true: its link has expired, or its user is disabled.
    pub is_stale: bool,
}

/// The token of a mail's link, as the database knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkToken {
    /// Its row.
    pub id: Uuid,
    /// Its hash.
    pub hashed: HashedToken,
}

impl DueMail {
    /// Whether this try is the last.
    pub fn is_last_try(&self) -> bool {
        self.attempts >= MAX_ATTEMPTS
    }
}

/// When a mail is due again that fails now for the `attempts`-th time: not before the provider
/// wants to hear of us again. `jitter`, any number, spreads the retries of what failed together
/// over half of the delay.
pub fn next_try(attempts: usize, retry_after: Duration, now: Timestamp, jitter: u32) -> Timestamp {
    let last = RETRY_MINUTES[RETRY_MINUTES.len() - 1];
    let minutes = RETRY_MINUTES.get(attempts.saturating_sub(1)).copied();
    let delay = Duration::minutes(minutes.unwrap_or(last));
    let spread = i64::from(jitter) % (delay.whole_seconds() / 2);
    let delay = delay + Duration::seconds(spread);
    now.plus(delay.max(retry_after.min(MAX_RETRY_AFTER)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delays_grow_and_stay_within_about_an_hour_and_a_half() {
        let start = Timestamp::from_unix(0).expect("a moment");
        let delay = |attempts, jitter| next_try(attempts, Duration::ZERO, start, jitter).unix();
        assert_eq!(delay(1, 0), 60);
        assert_eq!(delay(1, 29), 89);
        assert_eq!(delay(1, 30), 60);
        let longest: i64 = (1..MAX_ATTEMPTS).map(|n| delay(n, 30 * n as u32 - 1)).sum();
        assert!((3600..=5400).contains(&longest), "{longest}");
        assert_eq!(delay(17, 0), 40 * 60);
    }

    #[test]
    fn a_provider_is_left_alone_as_long_as_it_asks_but_not_for_ever() {
        let start = Timestamp::from_unix(0).expect("a moment");
        let delay = |asked| next_try(1, Duration::seconds(asked), start, 0).unix();
        assert_eq!(delay(30), 60);
        assert_eq!(delay(300), 300);
        assert_eq!(delay(31_536_000), 3600);
    }
}
