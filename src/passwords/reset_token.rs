//! Password reset tokens: good once, for a few minutes, and nowhere stored in plain.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::crypto::digest::digest;
use crate::crypto::keys::{DerivedKeys, KEY_BYTES, Keys};

/// The length of a reset token: 32 bytes in base64url.
const LENGTH: usize = 43;

/// A reset token as its owner gets it by mail.
#[derive(Debug, Clone)]
pub struct PlainToken(SecretString);

/// The SHA-256 of a reset token, in hexadecimal: all that the database ever sees of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashedToken(String);

/// Makes reset tokens.
#[derive(Clone)]
pub struct ResetTokens(DerivedKeys);

impl ResetTokens {
    /// With keys that are derived from the secret keys.
    pub fn new(keys: &Keys) -> Self {
        Self(DerivedKeys::derive(keys, "gatehouse reset token"))
    }

    /// The token of the request `id`: 32 bytes that nobody can compute without the key.
    pub fn issue(&self, id: Uuid) -> PlainToken {
        PlainToken::encode(self.0.authenticate(id.as_bytes()))
    }

    /// The token of the request `id` once more, so that no plain token waits in the database for
    /// its mail, and one that must be sent twice carries the same link. `None` if it was issued
    /// with a key that is no longer known.
    pub fn issue_again(&self, id: Uuid, issued: &HashedToken) -> Option<PlainToken> {
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

    /// Takes a token that a caller sent, if it has the length of one; whether it is one of ours,
    /// its hash will tell.
    pub fn received(text: &str) -> Option<Self> {
        (text.len() == LENGTH).then(|| Self(SecretString::from(text)))
    }

    /// What the database knows of this token. A plain hash is enough, for there are too many
    /// tokens to guess.
    pub fn hashed(&self) -> HashedToken {
        HashedToken(digest(self.0.expose_secret()))
    }

    /// The token itself: for the link in the mail, nowhere else.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl HashedToken {
    /// Reads a stored hash.
    pub fn from_stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The hash as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_can_be_made_again_but_not_with_another_key_or_id() {
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
    fn a_token_is_made_again_with_the_key_that_it_was_issued_with() {
        let id = Uuid::from_u128(1);
        let issued = ResetTokens::new(&Keys::only("first")).issue(id).hashed();
        let again = |current, previous| {
            let tokens = ResetTokens::new(&Keys::rotated(current, previous));
            tokens.issue_again(id, &issued).map(|token| token.hashed())
        };
        assert_eq!(again("second", "first"), Some(issued.clone()));
        assert_eq!(again("third", "second"), None);
    }
}
