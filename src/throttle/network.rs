//! Keyed hashes of networks and browsers, which recognize a client without storing what it is.

use std::fmt::Display;

use crate::crypto::keys::{DerivedKey, DerivedKeys, Keys};
use crate::http::client::Client;

/// Bytes of the hash that are kept. Without the key, nobody can search for collisions.
const HASH_BYTES: usize = 16;

#[derive(Clone)]
pub struct Networks(DerivedKeys);

/// A network as stored: a keyed hash in hexadecimal. A plain hash could be reversed by trying all
/// addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashedNetwork {
    /// Hash by the current key.
    pub current: String,
    /// Hash by the previous key, if one is configured.
    pub previous: Option<String>,
}

/// A client as stored: its network, and its browser by the `User-Agent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashedClient {
    pub network: HashedNetwork,
    pub browser: HashedNetwork,
}

impl Networks {
    pub fn new(keys: &Keys) -> Self {
        Self(DerivedKeys::derive(keys, "gatehouse network"))
    }

    pub fn hash_client(&self, client: &Client) -> HashedClient {
        let user_agent = client.user_agent.as_deref().unwrap_or_default();
        HashedClient {
            network: self.hash(client.network),
            // No network is written like this.
            browser: self.hash(format_args!("browser {user_agent}")),
        }
    }

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
