//! The key of a password in the filter. build.rs uses it, too.

use sha2::{Digest, Sha256};

/// The first eight bytes of the password's SHA-256.
pub fn key(password: &str) -> u64 {
    let digest = Sha256::digest(password);
    digest[..8]
        .iter()
        .fold(0, |key, byte| key << 8 | u64::from(*byte))
}
