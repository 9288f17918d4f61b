//! Settings that are fine for development and unsafe in production.

use super::Settings;
use crate::captcha::settings::CaptchaSettings;
use crate::http::settings::CorsOrigins;
use crate::mail::settings::MailProvider;

/// A setting, and why it is unsafe in production.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Warning {
    /// The variable's name.
    pub variable: &'static str,
    /// Why it is unsafe.
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
                "mails go to the log, with the links that are in them",
            ),
            (
                matches!(self.captcha, CaptchaSettings::Off),
                "captcha_provider",
                "programs can register as many accounts as they like",
            ),
            (
                !self.throttle,
                "throttle",
                "passwords can be guessed without a limit",
            ),
            (
                self.http.frontend_url.starts_with("http:"),
                "frontend_url",
                "links in mails lead to a page that is not encrypted",
            ),
            (
                has_plain_origin,
                "cors_allow_origins",
                "pages that are not encrypted may call the API",
            ),
        ];
        let unsafe_ones = checks.into_iter().filter(|(is_unsafe, _, _)| *is_unsafe);
        unsafe_ones
            .map(|(_, variable, reason)| Warning { variable, reason })
            .collect()
    }
}
