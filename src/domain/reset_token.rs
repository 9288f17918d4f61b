//! Password reset tokens: good once, for a few minutes, and nowhere stored in plain.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::digest::digest;
use super::keys::DerivedKey;
use super::secret::Secret;

/// The length of a reset token: 32 bytes in base64url.
const LENGTH: usize = 43;

/// A reset token as its owner gets it by mail.
#[derive(Debug, Clone)]
pub struct PlainToken(Secret);

/// The SHA-256 of a reset token, in hexadecimal: all that the database ever sees of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashedToken(String);

/// Makes reset tokens.
#[derive(Clone)]
pub struct ResetTokens(DerivedKey);

impl ResetTokens {
    /// With a key that is derived from the secret key.
    pub fn new(secret_key: &Secret) -> Self {
        Self(DerivedKey::derive(secret_key, "gatehouse reset token"))
    }

    /// The token of the request `id`: 32 bytes that nobody can compute without the key, and that
    /// we can compute again, so that a mail that must be sent twice carries the same link while
    /// no plain token waits in the database.
    pub fn issue(&self, id: Uuid) -> PlainToken {
        let token = self.0.authenticate(id.as_bytes());
        PlainToken(Secret::new(BASE64_URL_SAFE_NO_PAD.encode(token)))
    }
}

impl PlainToken {
    /// Takes a token that a caller sent, if it has the length of one; whether it is one of ours,
    /// its hash will tell.
    pub fn received(text: &str) -> Option<Self> {
        (text.len() == LENGTH).then(|| Self(Secret::new(text)))
    }

    /// What the database knows of this token. A plain hash is enough, for there are too many
    /// tokens to guess.
    pub fn hashed(&self) -> HashedToken {
        HashedToken(digest(self.0.expose()))
    }

    /// The token itself: for the link in the mail, nowhere else.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl HashedToken {
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
        let tokens = ResetTokens::new(&Secret::new("key"));
        let token = tokens.issue(Uuid::from_u128(1));
        assert!(PlainToken::received(token.expose()).is_some());
        assert!(PlainToken::received(&token.expose()[1..]).is_none());
        assert_eq!(tokens.issue(Uuid::from_u128(1)).hashed(), token.hashed());
        assert_ne!(tokens.issue(Uuid::from_u128(2)).hashed(), token.hashed());
        let foreign = ResetTokens::new(&Secret::new("other")).issue(Uuid::from_u128(1));
        assert_ne!(foreign.hashed(), token.hashed());
    }
}
