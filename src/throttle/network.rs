//! Networks that people log in from: recognised, but not kept in plain.

use std::fmt::Display;

use crate::crypto::keys::{DerivedKey, DerivedKeys, Keys};

/// How much of the keyed hash is kept, in bytes: nobody can collide what they cannot compute.
const HASH_BYTES: usize = 16;

/// Hashes networks.
#[derive(Clone)]
pub struct Networks(DerivedKeys);

/// A network as it is stored: a keyed hash in hexadecimal. A plain one could be undone by trying all
/// addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashedNetwork {
    /// By the current key.
    pub current: String,
    /// By the previous key, if there is one: what was stored before the rotation.
    pub previous: Option<String>,
}

impl Networks {
    /// With keys that are derived from the secret keys.
    pub fn new(keys: &Keys) -> Self {
        Self(DerivedKeys::derive(keys, "gatehouse network"))
    }

    /// The network as it is stored.
    pub fn hash(&self, network: impl Display) -> HashedNetwork {
        let network = network.to_string();
        let mut hashes = self.0.each().map(|key| hash(key, &network));
        HashedNetwork {
            current: hashes.next().unwrap_or_default(),
            previous: hashes.next(),
        }
    }
}

fn hash(key: &DerivedKey, network: &str) -> String {
    let hash = key.authenticate(network.as_bytes());
    base16ct::lower::encode_string(&hash[..HASH_BYTES])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_recognised_after_the_key_was_rotated() {
        let before = Networks::new(&Keys::only("one")).hash("192.0.2.1");
        assert_eq!(before.previous, None);
        let rotated = Keys::rotated("two", "one");
        let after = Networks::new(&rotated).hash("192.0.2.1");
        assert_eq!(after.previous, Some(before.current.clone()));
        assert_ne!(after.current, before.current);
        assert_ne!(Networks::new(&rotated).hash("192.0.2.2"), after);
    }
}
