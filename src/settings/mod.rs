//! The settings: Spin variables, read and checked once per instance. Each feature declares its own.

pub mod reader;
pub mod store;
mod warnings;

#[cfg(test)]
mod tests;

use self::reader::{Problem, Reader};
pub use self::warnings::Warning;
use crate::captcha::settings::CaptchaSettings;
use crate::crypto::settings::CryptoSettings;
use crate::http::settings::HttpSettings;
use crate::mail::settings::MailSettings;
use crate::passwords::settings::PasswordSettings;
use crate::sessions::settings::SessionSettings;

/// The settings, each of them usable.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The secret keys.
    pub crypto: CryptoSettings,
    /// Requests and answers in general.
    pub http: HttpSettings,
    /// Sessions.
    pub sessions: SessionSettings,
    /// Passwords.
    pub passwords: PasswordSettings,
    /// The captcha.
    pub captcha: CaptchaSettings,
    /// Mail.
    pub mail: MailSettings,
    /// Whether there are pages for people; without them the API alone is served.
    pub pages: bool,
    /// Whether attempts are counted; off for benchmarks and automated tests only.
    pub throttle: bool,
}

impl Settings {
    /// Reads all settings.
    ///
    /// # Errors
    /// Every variable that cannot be read or used.
    pub async fn load(reader: &mut Reader) -> Result<Self, Vec<Problem>> {
        let settings = Self::read(reader).await;
        let problems = reader.take_problems();
        match settings {
            Some(settings) if problems.is_empty() => Ok(settings),
            _ => Err(problems),
        }
    }

    async fn read(reader: &mut Reader) -> Option<Self> {
        // Every section is read before any is given up: one answer names all the problems.
        let crypto = CryptoSettings::read(reader).await;
        let http = HttpSettings::read(reader).await;
        let sessions = SessionSettings::read(reader).await;
        let passwords = PasswordSettings::read(reader).await;
        let captcha = CaptchaSettings::read(reader).await;
        let mail = MailSettings::read(reader).await;
        let pages = reader.is_on("pages").await;
        let throttle = reader.is_on("throttle").await;
        Some(Self {
            crypto: crypto?,
            http: http?,
            sessions: sessions?,
            passwords: passwords?,
            captcha: captcha?,
            mail: mail?,
            pages: pages?,
            throttle: throttle?,
        })
    }
}
