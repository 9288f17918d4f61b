//! The settings of the secret keys.

use secrecy::SecretString;

use super::keys::{Algorithm, Keys};
use crate::settings::reader::Reader;

/// The secret keys, and what signs with them.
#[derive(Debug, Clone)]
pub struct CryptoSettings {
    /// Sign the access tokens; the keys for everything else are derived from them.
    pub keys: Keys,
    /// Signs the access tokens.
    pub algorithm: Algorithm,
}

impl CryptoSettings {
    /// Reads the section; `None` means that the reader has noted the problems.
    pub async fn read(reader: &mut Reader) -> Option<Self> {
        let choices = [
            ("HS256", Algorithm::Hs256),
            ("HS384", Algorithm::Hs384),
            ("HS512", Algorithm::Hs512),
        ];
        let algorithm = reader.choice("algorithm", &choices).await;
        let least = algorithm.unwrap_or(Algorithm::Hs256).min_key_bytes();
        let current = reader.text("secret_key").await;
        let current = current.and_then(|key| long_enough(reader, "secret_key", key, least));
        let previous = reader.text("secret_key_previous").await?;
        let previous = if previous.is_empty() {
            None
        } else {
            Some(long_enough(reader, "secret_key_previous", previous, least)?)
        };
        Some(Self {
            keys: Keys {
                current: current?,
                previous,
            },
            algorithm: algorithm?,
        })
    }
}

fn long_enough(
    reader: &mut Reader,
    variable: &'static str,
    key: String,
    least: usize,
) -> Option<SecretString> {
    if key.len() < least {
        let problem = format!(
            "must be at least {least} bytes long with this algorithm, for example what \
             `openssl rand -base64 48` prints"
        );
        reader.refuse(variable, problem);
        return None;
    }
    Some(SecretString::from(key))
}
