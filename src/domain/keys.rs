//! The keys that are derived from the one secret key, each for a single use.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::secret::Secret;

/// The length in bytes of a derived key and of what is computed with it.
pub const KEY_BYTES: usize = 32;

/// A key for HMAC-SHA256 that serves one purpose.
#[derive(Clone)]
pub struct DerivedKey(Zeroizing<[u8; KEY_BYTES]>);

impl DerivedKey {
    /// Derives the key for `purpose` from the secret key by HKDF-SHA256 (RFC 5869), so that what
    /// is learnt of one use tells nothing of another.
    pub fn derive(secret_key: &Secret, purpose: &str) -> Self {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        Hkdf::<Sha256>::new(None, secret_key.expose().as_bytes())
            .expand(purpose.as_bytes(), key.as_mut())
            .expect("32 bytes are within what HKDF-SHA256 can give");
        Self(key)
    }

    /// The authentication code of `message`.
    pub fn authenticate(&self, message: &[u8]) -> [u8; KEY_BYTES] {
        self.hmac(message).finalize().into_bytes().into()
    }

    /// Whether `code` is the authentication code of `message`, in constant time.
    pub fn verify(&self, message: &[u8], code: &[u8]) -> bool {
        self.hmac(message).verify_slice(code).is_ok()
    }

    fn hmac(&self, message: &[u8]) -> Hmac<Sha256> {
        Hmac::new_from_slice(self.0.as_ref())
            .expect("HMAC takes keys of any length")
            .chain_update(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_for_different_purposes_differ() {
        let secret = Secret::new("0123456789abcdef0123456789abcdef");
        let code = |purpose: &str| DerivedKey::derive(&secret, purpose).authenticate(b"message");
        assert_eq!(code("one"), code("one"));
        assert_ne!(code("one"), code("two"));
    }

    #[test]
    fn a_code_of_another_message_or_length_is_refused() {
        let key = DerivedKey::derive(&Secret::new("key"), "test");
        let code = key.authenticate(b"message");
        assert!(key.verify(b"message", &code));
        assert!(!key.verify(b"Message", &code));
        assert!(!key.verify(b"message", &code[..31]));
        assert!(!key.verify(b"message", b""));
    }
}
