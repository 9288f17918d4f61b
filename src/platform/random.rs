//! Cryptographically secure randomness. Other code takes random values as arguments.
#![expect(
    clippy::disallowed_methods,
    reason = "the only module that may use randomness, see clippy.toml"
)]

use uuid::Uuid;

/// A random UUID, version 4, with 122 random bits.
pub fn id() -> Uuid {
    Uuid::new_v4()
}

/// Random bytes.
///
/// # Panics
/// The platform has no source of randomness, without which nothing is safe.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the platform provides secure randomness");
    bytes
}
