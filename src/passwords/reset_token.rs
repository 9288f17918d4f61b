//! Password reset tokens: valid once, for a few minutes, and stored only as hashes.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::crypto::digest::digest;
use crate::crypto::keys::{DerivedKeys, KEY_BYTES, Keys};

/// Length of a reset token: 32 bytes in base64url.
const LENGTH: usize = 43;

/// A reset token in plain text, as sent by mail.
#[derive(Debug, Clone)]
pub struct PlainToken(SecretString);

/// The SHA-256 of a reset token, in hexadecimal. The database stores only this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashedToken(String);

/// Issues reset tokens.
#[derive(Clone)]
pub struct ResetTokens(DerivedKeys);

impl ResetTokens {
    pub fn new(keys: &Keys) -> Self {
        Self(DerivedKeys::derive(keys, "gatehouse reset token"))
    }

    /// The token of the row `id`: 32 bytes that cannot be computed without the key.
    pub fn issue(&self, id: Uuid) -> PlainToken {
        PlainToken::encode(self.0.authenticate(id.as_bytes()))
    }

    /// Computes the token of the row `id` again. So the database needs no plain token for a queued
    /// mail, and a retry sends the same link. `None` if the key of the token is no longer
    /// configured.
    pub fn reissue(&self, id: Uuid, issued: &HashedToken) -> Option<PlainToken> {
        let tokens = self.0.each().map(|key| key.authenticate(id.as_bytes()));
        tokens
            .map(PlainToken::encode)
            .find(|token| token.hashed() == *issued)
    }
}

impl PlainToken {
    fn encode(token: [u8; KEY_BYTES]) -> Self {
        Self(SecretString::from(BASE64_URL_SAFE_NO_PAD.encode(token)))
    }

    /// Accepts a received token if it has the right length. Its hash decides whether it is valid.
    pub fn received(text: &str) -> Option<Self> {
        (text.len() == LENGTH).then(|| Self(SecretString::from(text)))
    }

    /// The hash to store. A fast, unkeyed hash is enough, because the token has too much entropy to
    /// guess.
    pub fn hashed(&self) -> HashedToken {
        HashedToken(digest(self.0.expose_secret()))
    }

    /// The plain token. Use it only for the link in the mail.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl HashedToken {
    /// Wraps a stored hash.
    pub fn from_stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The hash, as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_depends_on_its_key_and_id() {
        let tokens = ResetTokens::new(&Keys::only("key"));
        let token = tokens.issue(Uuid::from_u128(1));
        assert!(PlainToken::received(token.expose()).is_some());
        assert!(PlainToken::received(&token.expose()[1..]).is_none());
        assert_eq!(tokens.issue(Uuid::from_u128(1)).hashed(), token.hashed());
        assert_ne!(tokens.issue(Uuid::from_u128(2)).hashed(), token.hashed());
        let foreign = ResetTokens::new(&Keys::only("other")).issue(Uuid::from_u128(1));
        assert_ne!(foreign.hashed(), token.hashed());
    }

    #[test]
    fn a_token_is_reissued_with_its_original_key() {
        let id = Uuid::from_u128(1);
        let issued = ResetTokens::new(&Keys::only("first")).issue(id).hashed();
        let again = |current, previous| {
            let tokens = ResetTokens::new(&Keys::rotated(current, previous));
            tokens.reissue(id, &issued).map(|token| token.hashed())
        };
        assert_eq!(again("second", "first"), Some(issued.clone()));
        assert_eq!(again("third", "second"), None);
    }
}
