//! Tokens in links that name a row and prove that we issued them, so that nothing has to be stored.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::SecretString;

use super::keys::{DerivedKeys, KEY_BYTES, Keys};

/// Issues and reads tokens for one purpose. A token is an id of `N` bytes and its authentication code, in
/// base64url.
#[derive(Clone)]
pub struct LinkTokens<const N: usize>(DerivedKeys);

impl<const N: usize> LinkTokens<N> {
    pub fn new(keys: &Keys, purpose: &'static str) -> Self {
        Self(DerivedKeys::derive(keys, purpose))
    }

    /// The token for an id: the same each time, so that a retried mail has the same link.
    pub fn issue(&self, id: [u8; N]) -> SecretString {
        let code = self.0.authenticate(&id);
        SecretString::from(BASE64_URL_SAFE_NO_PAD.encode([&id[..], &code].concat()))
    }

    /// The id of a token that the current or the previous key has issued.
    pub fn read(&self, token: &str) -> Option<[u8; N]> {
        // No longer text is worth decoding.
        if token.len() > 2 * (N + KEY_BYTES) {
            return None;
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let (id, code) = bytes.split_first_chunk()?;
        self.0.verify(id, code).then_some(*id)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn tokens(keys: &Keys) -> LinkTokens<8> {
        LinkTokens::new(keys, "test")
    }

    #[test]
    fn a_token_names_its_id_until_its_key_is_gone() {
        let token = tokens(&Keys::only("first")).issue(*b"12345678");
        let read = |keys: &Keys| tokens(keys).read(token.expose_secret());
        assert_eq!(read(&Keys::only("first")), Some(*b"12345678"));
        assert_eq!(read(&Keys::rotated("second", "first")), Some(*b"12345678"));
        assert_eq!(read(&Keys::rotated("third", "second")), None);
    }

    #[test]
    fn a_changed_or_shortened_token_is_refused() {
        let tokens = tokens(&Keys::only("key"));
        let token = tokens.issue(*b"12345678");
        let token = token.expose_secret();
        let forged = BASE64_URL_SAFE_NO_PAD.encode([&b"12345679"[..], &[0; 32]].concat());
        let longer = format!("{token}{}", "A".repeat(1000));
        for wrong in [
            "",
            "!",
            &token[1..],
            &token[..token.len() - 1],
            &forged,
            &longer,
        ] {
            assert_eq!(tokens.read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_token_is_for_one_purpose() {
        let keys = Keys::only("key");
        let token = tokens(&keys).issue(*b"12345678");
        let other = LinkTokens::<8>::new(&keys, "another purpose");
        assert_eq!(other.read(token.expose_secret()), None);
    }
}
