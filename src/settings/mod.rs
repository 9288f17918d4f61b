//! Settings from Spin variables, read and validated once per instance. Each feature declares its
//! own.

pub mod reader;
pub mod warnings;

#[cfg(test)]
mod tests;

use self::reader::{Problem, Reader};
use crate::admin::settings::AdminSettings;
use crate::brand::settings::BrandSettings;
use crate::captcha::settings::CaptchaSettings;
use crate::crypto::settings::CryptoSettings;
use crate::deletion::settings::DeletionSettings;
use crate::events::settings::EventSettings;
use crate::http::settings::HttpSettings;
use crate::mail::settings::MailSettings;
use crate::metrics::settings::MetricsSettings;
use crate::passwords::settings::PasswordSettings;
use crate::sessions::settings::SessionSettings;
use crate::users::settings::Administrators;
use crate::verification::settings::VerificationMode;

/// The validated settings.
#[derive(Debug, Clone)]
pub struct Settings {
    pub crypto: CryptoSettings,
    pub http: HttpSettings,
    pub sessions: SessionSettings,
    pub passwords: PasswordSettings,
    pub verification: VerificationMode,
    pub captcha: CaptchaSettings,
    pub mail: MailSettings,
    pub brand: BrandSettings,
    pub events: EventSettings,
    pub deletion: DeletionSettings,
    pub administrators: Administrators,
    pub admin: AdminSettings,
    pub metrics: MetricsSettings,
    /// Whether the web pages are served.
    pub pages: bool,
    /// Whether attempts are limited. Off for benchmarks and automated tests only.
    pub throttle: bool,
}

impl Settings {
    /// # Errors
    /// All missing or invalid variables.
    pub async fn load(reader: &mut Reader) -> Result<Self, Vec<Problem>> {
        let settings = Self::read(reader).await;
        let problems = reader.take_problems();
        match settings {
            Some(settings) if problems.is_empty() => Ok(settings),
            _ => Err(problems),
        }
    }

    async fn read(reader: &mut Reader) -> Option<Self> {
        // Read every section before giving up, so that all problems are reported at once.
        let crypto = CryptoSettings::read(reader).await;
        let http = HttpSettings::read(reader).await;
        let sessions = SessionSettings::read(reader).await;
        let passwords = PasswordSettings::read(reader).await;
        let verification = VerificationMode::read(reader).await;
        let captcha = CaptchaSettings::read(reader).await;
        let mail = MailSettings::read(reader).await;
        let brand = BrandSettings::read(reader).await;
        let events = EventSettings::read(reader).await;
        let deletion = DeletionSettings::read(reader).await;
        let administrators = Administrators::read(reader).await;
        let admin = AdminSettings::read(reader).await;
        let metrics = MetricsSettings::read(reader).await;
        let pages = reader.is_on("pages").await;
        let throttle = reader.is_on("throttle").await;
        Some(Self {
            crypto: crypto?,
            http: http?,
            sessions: sessions?,
            passwords: passwords?,
            verification: verification?,
            captcha: captcha?,
            mail: mail?,
            brand: brand?,
            events: events?,
            deletion: deletion?,
            administrators: administrators?,
            admin: admin?,
            metrics: metrics?,
            pages: pages?,
            throttle: throttle?,
        })
    }
}
