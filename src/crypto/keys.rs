//! The current and previous secret keys, and keys derived from them for a single purpose each.

use secrecy::{ExposeSecret, SecretString};
use std::iter;
use std::sync::OnceLock;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Length of a derived key and of an authentication code, in bytes.
pub const KEY_BYTES: usize = 32;

/// Signature algorithm of access tokens. A token's own header never selects it (RFC 8725, 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Hs256,
    Hs384,
    Hs512,
}

impl Algorithm {
    /// Minimum length of the key, in bytes: that of the hash (RFC 7518, 3.2).
    pub fn min_key_bytes(self) -> usize {
        match self {
            Self::Hs256 => 32,
            Self::Hs384 => 48,
            Self::Hs512 => 64,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Keys {
    /// Creates all new tokens and hashes.
    pub current: SecretString,
    /// The key before the last rotation. Its tokens and hashes stay valid.
    pub previous: Option<SecretString>,
}

/// The current and previous keys for one purpose, derived when they are first needed: with WASI 0.2 every request
/// starts an instance, and needs few of them.
#[derive(Clone)]
pub struct DerivedKeys {
    keys: Keys,
    purpose: &'static str,
    derived: OnceLock<(DerivedKey, Option<DerivedKey>)>,
}

/// An HMAC-SHA256 key for one purpose.
#[derive(Clone)]
pub struct DerivedKey(Zeroizing<[u8; KEY_BYTES]>);

impl Keys {
    /// Applies `make` to the current and to the previous key.
    pub fn map<T>(&self, mut make: impl FnMut(&SecretString) -> T) -> (T, Option<T>) {
        (make(&self.current), self.previous.as_ref().map(make))
    }
}

impl DerivedKeys {
    pub fn derive(keys: &Keys, purpose: &'static str) -> Self {
        Self {
            keys: keys.clone(),
            purpose,
            derived: OnceLock::new(),
        }
    }

    /// The authentication code of `message` under the current key.
    pub fn authenticate(&self, message: &[u8]) -> [u8; KEY_BYTES] {
        self.derived().0.authenticate(message)
    }

    /// Whether `code` authenticates `message` under either key, in constant time.
    pub fn verify(&self, message: &[u8], code: &[u8]) -> bool {
        self.each().any(|key| key.verify(message, code))
    }

    /// The current key, then the previous one.
    pub fn each(&self) -> impl Iterator<Item = &DerivedKey> {
        let (current, previous) = self.derived();
        iter::once(current).chain(previous)
    }

    fn derived(&self) -> &(DerivedKey, Option<DerivedKey>) {
        let derive = |key: &SecretString| DerivedKey::derive(key, self.purpose);
        self.derived.get_or_init(|| self.keys.map(derive))
    }
}

impl DerivedKey {
    /// Derives the key for `purpose` from the secret key with HKDF-SHA256 (RFC 5869), so that one
    /// purpose reveals nothing about another.
    pub fn derive(secret_key: &SecretString, purpose: &str) -> Self {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        Hkdf::<Sha256>::new(None, secret_key.expose_secret().as_bytes())
            .expand(purpose.as_bytes(), key.as_mut())
            .expect("HKDF-SHA256 can derive 32 bytes");
        Self(key)
    }

    pub fn authenticate(&self, message: &[u8]) -> [u8; KEY_BYTES] {
        self.hmac(message).finalize().into_bytes().into()
    }

    /// Whether `code` authenticates `message`, in constant time.
    pub fn verify(&self, message: &[u8], code: &[u8]) -> bool {
        self.hmac(message).verify_slice(code).is_ok()
    }

    fn hmac(&self, message: &[u8]) -> Hmac<Sha256> {
        Hmac::new_from_slice(self.0.as_ref())
            .expect("HMAC accepts keys of any length")
            .chain_update(message)
    }
}

#[cfg(test)]
impl Keys {
    pub fn only(current: &str) -> Self {
        Self {
            current: SecretString::from(current),
            previous: None,
        }
    }

    pub fn rotated(current: &str, previous: &str) -> Self {
        Self {
            current: SecretString::from(current),
            previous: Some(SecretString::from(previous)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_for_different_purposes_differ() {
        let secret = SecretString::from("0123456789abcdef0123456789abcdef");
        let code = |purpose: &str| DerivedKey::derive(&secret, purpose).authenticate(b"message");
        assert_eq!(code("one"), code("one"));
        assert_ne!(code("one"), code("two"));
    }

    #[test]
    fn codes_of_the_previous_key_are_valid_and_new_codes_use_the_current_key() {
        let code = |keys: &Keys| DerivedKeys::derive(keys, "test").authenticate(b"message");
        let [first, third] = [Keys::only("first"), Keys::only("third")];
        let rotated = Keys::rotated("second", "first");
        let keys = DerivedKeys::derive(&rotated, "test");
        assert!(keys.verify(b"message", &code(&first)));
        assert!(keys.verify(b"message", &code(&rotated)));
        assert!(!keys.verify(b"message", &code(&third)));
        assert_eq!(code(&rotated), code(&Keys::only("second")));
    }

    #[test]
    fn a_code_of_another_message_or_length_is_refused() {
        let key = DerivedKey::derive(&SecretString::from("key"), "test");
        let code = key.authenticate(b"message");
        assert!(key.verify(b"message", &code));
        assert!(!key.verify(b"Message", &code));
        assert!(!key.verify(b"message", &code[..31]));
        assert!(!key.verify(b"message", b""));
    }
}
