//! Randomness from the platform's secure source: taken here, and passed on as a value from here.
#![expect(
    clippy::disallowed_methods,
    reason = "the one place that may take it, see clippy.toml"
)]

use uuid::Uuid;

/// A new random identifier: a version 4 UUID, with 122 random bits.
pub fn id() -> Uuid {
    Uuid::new_v4()
}

/// Random bytes.
///
/// # Panics
/// Without a working source of randomness nothing could safely go on.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the platform provides secure randomness");
    bytes
}
