//! The settings of the captcha.

use secrecy::SecretString;
use std::ops::RangeInclusive;

use crate::settings::reader::Reader;

/// Iterations of one derivation of the built-in captcha. Measured at the default of 5000: a
/// solution takes a desktop's Chromium 0.25 s of one core, so about half a second on two of a
/// phone, and checking it takes 4 ms here. At the most that becomes ten seconds, and two passwords'
/// hashes.
const COST: RangeInclusive<u32> = 1000..=100_000;

/// The captcha provider.
#[derive(Debug, Clone)]
pub enum CaptchaSettings {
    /// We ourselves, by a proof of work in the ALTCHA protocol.
    Builtin {
        /// What one of the derivations costs that a solver tries, in iterations.
        cost: u32,
    },
    /// The captcha service of the FastAPI service that Gatehouse replaces.
    Service {
        /// Scheme and authority, without a slash at the end.
        host: String,
        /// The path in front of `/captcha/verify`, without a slash at the end.
        path: String,
    },
    /// A provider of the siteverify protocol, as reCAPTCHA invented it.
    Siteverify {
        /// The URL that verifies answers.
        url: String,
        /// The key that the provider gave us, which its documentation calls the secret.
        api_key: SecretString,
    },
    /// None: for automated tests and private networks only.
    Off,
}

/// A value of `captcha_provider`.
#[derive(Clone, Copy)]
enum Provider {
    Builtin,
    Service,
    Siteverify {
        usual_host: &'static str,
        path: &'static str,
    },
    Off,
}

/// Every provider.
const PROVIDERS: &[(&str, Provider)] = &[
    ("builtin", Provider::Builtin),
    ("service", Provider::Service),
    (
        "turnstile",
        Provider::Siteverify {
            usual_host: "https://challenges.cloudflare.com",
            path: "/turnstile/v0/siteverify",
        },
    ),
    (
        "hcaptcha",
        Provider::Siteverify {
            usual_host: "https://api.hcaptcha.com",
            path: "/siteverify",
        },
    ),
    (
        "recaptcha",
        Provider::Siteverify {
            usual_host: "https://www.google.com",
            path: "/recaptcha/api/siteverify",
        },
    ),
    ("off", Provider::Off),
];

impl CaptchaSettings {
    /// Reads the section; `None` means that the reader has noted the problems.
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
            Provider::Siteverify { usual_host, path } => {
                let host = reader.api_host("captcha_api_host", usual_host).await;
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
