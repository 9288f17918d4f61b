//! Settings of the secret keys.

use secrecy::SecretString;

use super::keys::{Algorithm, Keys};
use crate::settings::reader::Reader;

#[derive(Debug, Clone)]
pub struct CryptoSettings {
    /// Sign the access tokens and derive all other keys.
    pub keys: Keys,
    /// Signature algorithm of access tokens.
    pub algorithm: Algorithm,
}

impl CryptoSettings {
    /// Reads the section. On `None`, the reader has recorded the problems.
    pub async fn read(reader: &mut Reader) -> Option<Self> {
        let choices = [
            ("HS256", Algorithm::Hs256),
            ("HS384", Algorithm::Hs384),
            ("HS512", Algorithm::Hs512),
        ];
        let algorithm = reader.choice("algorithm", &choices).await;
        let min_bytes = algorithm.unwrap_or(Algorithm::Hs256).min_key_bytes();
        let current = reader.text("secret_key").await;
        let current = current.and_then(|key| check_length(reader, "secret_key", key, min_bytes));
        let previous = reader.text("secret_key_previous").await?;
        let previous = if previous.is_empty() {
            None
        } else {
            Some(check_length(
                reader,
                "secret_key_previous",
                previous,
                min_bytes,
            )?)
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

fn check_length(
    reader: &mut Reader,
    variable: &'static str,
    key: String,
    min_bytes: usize,
) -> Option<SecretString> {
    if key.len() < min_bytes {
        let problem = format!(
            "must be at least {min_bytes} bytes long with this algorithm, for example the \
             output of `openssl rand -base64 48`"
        );
        reader.refuse(variable, problem);
        return None;
    }
    Some(SecretString::from(key))
}
