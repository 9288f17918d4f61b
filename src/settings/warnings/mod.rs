//! Warns about settings that are fine for development but unsafe in production.

pub mod store;

use super::Settings;
use crate::captcha::settings::CaptchaSettings;
use crate::http::settings::CorsOrigins;
use crate::mail::settings::MailProvider;

/// An unsafe setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Warning {
    pub variable: &'static str,
    pub reason: &'static str,
}

impl Settings {
    /// The settings that are unsafe in production.
    pub fn warnings(&self) -> Vec<Warning> {
        let has_plain_origin = match &self.http.cors {
            CorsOrigins::List(origins) => origins
                .iter()
                .any(|origin| origin.as_bytes().starts_with(b"http:")),
            CorsOrigins::None | CorsOrigins::All => false,
        };
        let checks = [
            (
                matches!(self.mail.provider, MailProvider::Log),
                "email_provider",
                "mails and their links are written to the log",
            ),
            (
                matches!(self.captcha, CaptchaSettings::Off),
                "captcha_provider",
                "programs can register any number of accounts",
            ),
            (
                !self.throttle,
                "throttle",
                "passwords can be guessed without limit",
            ),
            (
                !self.http.is_https(),
                "frontend_url",
                "links in mails lead to an unencrypted page",
            ),
            (
                has_plain_origin,
                "cors_allow_origins",
                "unencrypted pages may call the API",
            ),
        ];
        let unsafe_ones = checks.into_iter().filter(|(is_unsafe, _, _)| *is_unsafe);
        unsafe_ones
            .map(|(_, variable, reason)| Warning { variable, reason })
            .collect()
    }
}
