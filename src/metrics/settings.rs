//! Settings of metrics.

use secrecy::SecretString;

use crate::settings::reader::Reader;

/// As short as `secret_key` may be: too long to guess.
const MIN_TOKEN_BYTES: usize = 32;

#[derive(Debug, Clone)]
pub struct MetricsSettings {
    /// Bearer token of those who may read the metrics. Without one, nobody may, and nothing is counted.
    pub token: Option<SecretString>,
}

impl MetricsSettings {
    /// Reads the section. On `None`, the reader has recorded the problems.
    pub async fn read(reader: &mut Reader) -> Option<Self> {
        let token = reader.text("metrics_token").await?;
        if token.is_empty() {
            return Some(Self { token: None });
        }
        // Other characters are not allowed in the header that carries it.
        if token.len() < MIN_TOKEN_BYTES || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            let problem = format!(
                "must be empty, or at least {MIN_TOKEN_BYTES} ASCII characters without spaces, for example the \
                 output of `openssl rand -base64 48`"
            );
            reader.refuse("metrics_token", problem);
            return None;
        }
        Some(Self {
            token: Some(token.into()),
        })
    }
}
