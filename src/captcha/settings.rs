//! Settings of the captcha.

use secrecy::SecretString;

use super::providers::{PROVIDERS, Provider};
use std::ops::RangeInclusive;

use crate::settings::reader::Reader;

/// Iterations of one derivation of the built-in captcha. Measured at the default of 5000: a
/// solution takes a desktop's Chromium 0.25 s of one core, so about half a second on two cores of a
/// phone, and a check takes 4 ms here. At the maximum, a solution takes ten seconds and a check as
/// long as two password hashes.
const COST: RangeInclusive<u32> = 1000..=100_000;

#[derive(Debug, Clone)]
pub enum CaptchaSettings {
    /// Proof of work in the ALTCHA protocol.
    Builtin {
        /// Iterations of one derivation.
        cost: u32,
    },
    /// A service that speaks the captcha protocol of the legacy service.
    Service {
        /// Scheme and authority, without a trailing slash.
        host: String,
        /// Path in front of `/captcha/verify`, without a trailing slash.
        path: String,
    },
    /// A provider of the siteverify protocol, which reCAPTCHA introduced.
    Siteverify {
        url: String,
        /// Called the secret in the providers' documentation.
        api_key: SecretString,
    },
    /// No captcha: for automated tests and private networks only.
    Off,
}

impl CaptchaSettings {
    /// Reads the section. On `None`, the reader has recorded the problems.
    pub async fn read(reader: &mut Reader) -> Option<Self> {
        match reader.choice("captcha_provider", PROVIDERS).await? {
            Provider::Builtin => {
                let cost = reader.number("captcha_cost", COST).await?;
                Some(Self::Builtin { cost })
            }
            Provider::Service => {
                let host = reader.web_address("captcha_service_host").await;
                let path = reader.path("captcha_service_path").await;
                Some(Self::Service {
                    host: host?,
                    path: path?,
                })
            }
            Provider::Siteverify { default_host, path } => {
                let host = reader.api_host("captcha_api_host", default_host).await;
                let api_key = reader.one_line("captcha_api_key").await;
                Some(Self::Siteverify {
                    url: format!("{}{path}", host?),
                    api_key: SecretString::from(api_key?),
                })
            }
            Provider::Off => Some(Self::Off),
        }
    }
}
