//! Outgoing mail, and its retries.

pub mod delivery;
pub mod kinds;
pub mod notices;
mod providers;
pub mod reset_link;
pub mod settings;
pub mod store;
pub mod verification_link;

use serde_json::Value;
use time::Duration;
use uuid::Uuid;

use self::kinds::MailKind;
use crate::languages::Language;
use crate::passwords::reset_token::HashedToken;
use crate::platform::random;
use crate::platform::timestamp::Timestamp;

/// Delays in minutes after the first, second, ... failure: five attempts within about an hour. A
/// reset link is of little use later.
const RETRY_MINUTES: [i64; MAX_ATTEMPTS - 1] = [1, 4, 15, 40];
/// Maximum `Retry-After` that a provider may ask for.
const MAX_RETRY_AFTER: Duration = Duration::HOUR;
const MAX_ATTEMPTS: usize = 5;

/// A mail to insert into the outbox.
#[derive(Debug, Clone)]
pub struct NewMail {
    pub id: Uuid,
    pub kind: MailKind,
    /// The language of the request that triggered it.
    pub language: Language,
}

impl NewMail {
    /// A mail with an id of its own.
    pub fn new(kind: MailKind, language: Language) -> Self {
        Self {
            id: random::id(),
            kind,
            language,
        }
    }
}

/// A notice to insert into the outbox: it tells of an event, and its link undoes that.
#[derive(Debug, Clone)]
pub struct Notice {
    pub mail: NewMail,
    /// The user. The mail is dropped if the user is deleted before it is sent.
    pub user: Uuid,
    /// The address, if it is not the user's current one.
    pub recipient: Option<String>,
    pub event: i64,
    /// More values for the template: an object.
    pub detail: Value,
}

/// A due mail, with the data to render it.
#[derive(Debug, Clone, PartialEq)]
pub struct DueMail {
    /// Idempotency key: the same for every attempt, so that a provider does not send the mail
    /// twice.
    pub id: Uuid,
    pub kind: MailKind,
    /// What its link is for.
    pub subject: Subject,
    pub to: String,
    /// The recipient's username.
    pub username: String,
    /// More values for the template: an object.
    pub detail: Value,
    /// The language of the request that triggered it.
    pub language: Language,
    /// Number of attempts, including this one.
    pub attempts: usize,
    /// Whether the mail is obsolete: its link has expired, or its user is disabled.
    pub is_stale: bool,
}

/// What the link of a mail is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A reset token, as the database stores it, and the id of its row.
    ResetToken { id: Uuid, hashed: HashedToken },
    /// A verification of an address.
    Verification(Uuid),
    /// Nothing.
    Nothing,
    /// The event that a notice tells of. Notices from before events existed have none.
    Event(Option<i64>),
}

impl DueMail {
    pub fn is_last_attempt(&self) -> bool {
        self.attempts >= MAX_ATTEMPTS
    }
}

/// Next attempt after the `attempts`-th failure, at the earliest after the provider's
/// `Retry-After`. `jitter` is any number and spreads simultaneous failures over half of the delay.
pub fn next_attempt(
    attempts: usize,
    retry_after: Duration,
    now: Timestamp,
    jitter: u32,
) -> Timestamp {
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
        let delay = |attempts, jitter| next_attempt(attempts, Duration::ZERO, start, jitter).unix();
        assert_eq!(delay(1, 0), 60);
        assert_eq!(delay(1, 29), 89);
        assert_eq!(delay(1, 30), 60);
        let longest: i64 = (1..MAX_ATTEMPTS).map(|n| delay(n, 30 * n as u32 - 1)).sum();
        assert!((3600..=5400).contains(&longest), "{longest}");
        assert_eq!(delay(17, 0), 40 * 60);
    }

    #[test]
    fn a_providers_retry_after_is_respected_up_to_an_hour() {
        let start = Timestamp::from_unix(0).expect("a moment");
        let delay = |asked| next_attempt(1, Duration::seconds(asked), start, 0).unix();
        assert_eq!(delay(30), 60);
        assert_eq!(delay(300), 300);
        assert_eq!(delay(31_536_000), 3600);
    }
}
