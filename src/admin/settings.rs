//! Settings of administration.

use secrecy::SecretString;

use crate::settings::reader::Reader;

/// Minimum length of a key for machines, in bytes: that of the keys that we derive ourselves.
const MIN_KEY_BYTES: usize = 32;

#[derive(Debug, Clone)]
pub struct AdminSettings {
    /// The key with which machines administrate. Without one they cannot.
    pub api_key: Option<SecretString>,
}

impl AdminSettings {
    /// Reads the section. On `None`, the reader has recorded the problems.
    pub async fn read(reader: &mut Reader) -> Option<Self> {
        let key = reader.text("admin_api_key").await?;
        if key.is_empty() {
            return Some(Self { api_key: None });
        }
        // What a bearer token can have (RFC 6750, 2.1).
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        if key.len() < MIN_KEY_BYTES || !key.bytes().all(is_token) {
            let problem = format!(
                "must be empty or at least {MIN_KEY_BYTES} letters, digits and -._~+/=, for \
                 example the output of `openssl rand -base64 48`"
            );
            reader.refuse("admin_api_key", problem);
            return None;
        }
        Some(Self {
            api_key: Some(SecretString::from(key)),
        })
    }
}
