//! The token in the link "This wasn't me" of a notice. It names the event that the notice tells of.

use secrecy::SecretString;
use time::Duration;

use crate::crypto::keys::Keys;
use crate::crypto::link_token::LinkTokens;

/// How long the link can be used: people read their mail within a week.
pub const LIFETIME: Duration = Duration::days(7);

#[derive(Clone)]
pub struct NoticeTokens(LinkTokens<8>);

impl NoticeTokens {
    pub fn new(keys: &Keys) -> Self {
        Self(LinkTokens::new(keys, "gatehouse notice"))
    }

    /// The token for an event.
    pub fn issue(&self, event: i64) -> SecretString {
        self.0.issue(event.to_be_bytes())
    }

    /// The event of a token.
    pub fn read(&self, token: &str) -> Option<i64> {
        self.0.read(token).map(i64::from_be_bytes)
    }
}
