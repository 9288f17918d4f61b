//! Networks that people log in from: recognised, but not kept in plain.

use std::fmt::Display;

use super::keys::DerivedKey;
use super::secret::Secret;

/// How much of the keyed hash is kept, in bytes: nobody can collide what they cannot compute.
const HASH_BYTES: usize = 16;

/// Hashes networks.
#[derive(Clone)]
pub struct Networks(DerivedKey);

impl Networks {
    /// With a key that is derived from the secret key.
    pub fn new(secret_key: &Secret) -> Self {
        Self(DerivedKey::derive(secret_key, "gatehouse network"))
    }

    /// The network as it is stored: a keyed hash in hexadecimal. A plain one could be undone by
    /// trying all addresses.
    pub fn hash(&self, network: impl Display) -> String {
        let hash = self.0.authenticate(network.to_string().as_bytes());
        base16ct::lower::encode_string(&hash[..HASH_BYTES])
    }
}
