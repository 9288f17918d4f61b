//! SHA-256 in hexadecimal, for values that must not be stored in plain text.

use sha2::{Digest, Sha256};

/// The SHA-256 of `text`, in hexadecimal.
pub fn digest(text: &str) -> String {
    base16ct::lower::encode_string(&Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_sha_256_in_hexadecimal() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            digest("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
