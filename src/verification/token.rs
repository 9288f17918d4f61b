//! The token in the link of a verification. It names the verification, and nothing of it is stored.

use secrecy::SecretString;
use uuid::Uuid;

use crate::crypto::keys::Keys;
use crate::crypto::link_token::LinkTokens;

#[derive(Clone)]
pub struct VerificationTokens(LinkTokens<16>);

impl VerificationTokens {
    pub fn new(keys: &Keys) -> Self {
        Self(LinkTokens::new(keys, "gatehouse email verification"))
    }

    /// The token for a verification.
    pub fn issue(&self, verification: Uuid) -> SecretString {
        self.0.issue(verification.into_bytes())
    }

    /// The verification of a token.
    pub fn read(&self, token: &str) -> Option<Uuid> {
        self.0.read(token).map(Uuid::from_bytes)
    }
}
