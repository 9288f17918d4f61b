//! Makes the settings of the variables: which there are, and what each may be.

use std::ops::RangeInclusive;

use axum::http::HeaderValue;
use time::Duration;
use url::Url;

use super::reader::Reader;
use super::{
    Argon2Cost, CaptchaSettings, CorsOrigins, EmailDialect, EmailProvider, EmailSettings, Problem,
    Settings,
};
use crate::domain::access_token::Algorithm;
use crate::domain::keys::Keys;
use crate::domain::password::{MAX_PASSWORD_BYTES, PasswordPolicy};
use crate::domain::secret::Secret;
use crate::domain::session::SessionLifetime;

/// Memory for a password's hash, in KiB: from the least of the choices that OWASP's Password
/// Storage Cheat Sheet calls equivalent, to a quarter of what a 32-bit instance can have.
const ARGON2_MEMORY_KIB: RangeInclusive<u32> = 7168..=1024 * 1024;
/// Iterations of one derivation of the built-in captcha. Measured at the default of 5000: a
/// solution takes a desktop's Chromium 0.25 s of one core, so about half a second on two of a
/// phone, and checking it takes 4 ms here. At the most that becomes ten seconds, and two passwords'
/// hashes.
const CAPTCHA_COST: RangeInclusive<u32> = 1000..=100_000;
/// More proxies in a row than any deployment has.
const MAX_PROXY_HOPS: usize = 16;
/// No lifetime is longer than ten years: what is meant to last for ever is a mistake.
const MAX_DAYS: u32 = 3650;

/// Every variable that the service reads.
pub(super) const VARIABLES: [&str; 26] = [
    "secret_key",
    "secret_key_previous",
    "algorithm",
    "access_token_expire_minutes",
    "refresh_token_expire_days",
    "session_max_days",
    "reset_token_expire_minutes",
    "password_min_length",
    "argon2_memory_kib",
    "argon2_passes",
    "frontend_url",
    "captcha_provider",
    "captcha_cost",
    "captcha_service_host",
    "captcha_service_path",
    "captcha_api_host",
    "captcha_api_key",
    "email_provider",
    "email_api_host",
    "email_api_key",
    "emails_from_email",
    "emails_from_name",
    "pages",
    "cors_allow_origins",
    "trusted_proxy_hops",
    "throttle",
];

/// Reads the settings from the values of all [`VARIABLES`], or why one could not be had.
pub(super) fn settings(
    values: Vec<(&'static str, Result<String, &'static str>)>,
) -> Result<Settings, Vec<Problem>> {
    let mut reader = Reader::new(values);
    let settings = reader.settings();
    let problems = reader.into_problems();
    match settings {
        Some(settings) if problems.is_empty() => Ok(settings),
        _ => Err(problems),
    }
}

impl Reader {
    fn settings(&mut self) -> Option<Settings> {
        // Everything is read before anything is given up: one answer names all the problems.
        let algorithm = self.algorithm();
        let keys = self.keys(algorithm.unwrap_or(Algorithm::Hs256));
        let access_minutes = self.number("access_token_expire_minutes", 1..=MAX_DAYS * 24 * 60);
        let idle_days = self.number("refresh_token_expire_days", 1..=MAX_DAYS);
        let max_days = self.number("session_max_days", 1..=MAX_DAYS);
        let reset_minutes = self.number("reset_token_expire_minutes", 1..=MAX_DAYS * 24 * 60);
        let min_length = self.number("password_min_length", 1..=MAX_PASSWORD_BYTES / 4);
        let memory_kib = self.number("argon2_memory_kib", ARGON2_MEMORY_KIB);
        let passes = self.number("argon2_passes", 1..=100);
        let frontend_url = self.web_address("frontend_url");
        let captcha = self.captcha();
        let email = self.email();
        let pages = self.choice("pages", &[("on", true), ("off", false)]);
        let cors = self.cors();
        let trusted_proxy_hops = self.number("trusted_proxy_hops", 0..=MAX_PROXY_HOPS);
        let throttle = self.choice("throttle", &[("on", true), ("off", false)]);
        Some(Settings {
            keys: keys?,
            algorithm: algorithm?,
            access_token_lifetime: Duration::minutes(i64::from(access_minutes?)),
            session_lifetime: SessionLifetime {
                idle: Duration::days(i64::from(idle_days?)),
                absolute: Duration::days(i64::from(max_days?)),
            },
            reset_token_lifetime: Duration::minutes(i64::from(reset_minutes?)),
            password_policy: PasswordPolicy {
                min_length: min_length?,
            },
            argon2: Argon2Cost {
                memory_kib: memory_kib?,
                passes: passes?,
            },
            frontend_url: frontend_url?,
            captcha: captcha?,
            email: email?,
            pages: pages?,
            cors: cors?,
            trusted_proxy_hops: trusted_proxy_hops?,
            throttle: throttle?,
        })
    }

    fn keys(&mut self, algorithm: Algorithm) -> Option<Keys> {
        let current = self.secret_key("secret_key", algorithm);
        let previous = if self.text("secret_key_previous")?.is_empty() {
            None
        } else {
            Some(self.secret_key("secret_key_previous", algorithm)?)
        };
        Some(Keys {
            current: current?,
            previous,
        })
    }

    fn secret_key(&mut self, variable: &'static str, algorithm: Algorithm) -> Option<Secret> {
        let value = self.text(variable)?;
        let least = algorithm.min_key_bytes();
        if value.len() < least {
            let problem = format!(
                "must be at least {least} bytes long with this algorithm, for example what \
                 `openssl rand -base64 48` prints"
            );
            self.refuse(variable, problem);
            return None;
        }
        Some(Secret::new(value))
    }

    fn algorithm(&mut self) -> Option<Algorithm> {
        let choices = [
            ("HS256", Algorithm::Hs256),
            ("HS384", Algorithm::Hs384),
            ("HS512", Algorithm::Hs512),
        ];
        self.choice("algorithm", &choices)
    }

    fn captcha(&mut self) -> Option<CaptchaSettings> {
        type Read = fn(&mut Reader) -> Option<CaptchaSettings>;
        let choices: [(_, Read); 6] = [
            ("builtin", Self::captcha_builtin),
            ("service", Self::captcha_service),
            ("turnstile", |reader| {
                let host = "https://challenges.cloudflare.com";
                reader.siteverify(host, "/turnstile/v0/siteverify")
            }),
            ("hcaptcha", |reader| {
                reader.siteverify("https://api.hcaptcha.com", "/siteverify")
            }),
            ("recaptcha", |reader| {
                reader.siteverify("https://www.google.com", "/recaptcha/api/siteverify")
            }),
            ("off", |_| Some(CaptchaSettings::Off)),
        ];
        let read = self.choice("captcha_provider", &choices)?;
        read(self)
    }

    fn captcha_builtin(&mut self) -> Option<CaptchaSettings> {
        let cost = self.number("captcha_cost", CAPTCHA_COST)?;
        Some(CaptchaSettings::Builtin { cost })
    }

    fn captcha_service(&mut self) -> Option<CaptchaSettings> {
        let host = self.web_address("captcha_service_host");
        let path = self.path("captcha_service_path");
        Some(CaptchaSettings::Service {
            host: host?,
            path: path?,
        })
    }

    fn siteverify(&mut self, usual_host: &str, path: &str) -> Option<CaptchaSettings> {
        let host = self.api_host("captcha_api_host", usual_host);
        let api_key = self.one_line("captcha_api_key");
        Some(CaptchaSettings::Siteverify {
            url: format!("{}{path}", host?),
            api_key: Secret::new(api_key?),
        })
    }

    fn email(&mut self) -> Option<EmailSettings> {
        let provider = self.email_provider();
        let from_email = self.address("emails_from_email");
        let from_name = self.one_line("emails_from_name");
        Some(EmailSettings {
            provider: provider?,
            from_email: from_email?,
            from_name: from_name?,
        })
    }

    fn email_provider(&mut self) -> Option<EmailProvider> {
        use EmailDialect::{Mailgun, Postmark, Resend, Sendgrid};
        let choices = [
            ("log", None),
            ("resend", Some((Resend, "https://api.resend.com"))),
            ("postmark", Some((Postmark, "https://api.postmarkapp.com"))),
            ("sendgrid", Some((Sendgrid, "https://api.sendgrid.com"))),
            ("mailgun", Some((Mailgun, "https://api.mailgun.net"))),
        ];
        let Some((dialect, usual_host)) = self.choice("email_provider", &choices)? else {
            return Some(EmailProvider::Log);
        };
        let host = self.api_host("email_api_host", usual_host);
        let api_key = self.one_line("email_api_key");
        Some(EmailProvider::Api {
            dialect,
            host: host?,
            api_key: Secret::new(api_key?),
        })
    }

    /// Where a provider's API is; an empty variable means its usual host.
    fn api_host(&mut self, variable: &'static str, usual_host: &str) -> Option<String> {
        if self.text(variable)?.is_empty() {
            return Some(usual_host.to_owned());
        }
        self.web_address(variable)
    }

    fn cors(&mut self) -> Option<CorsOrigins> {
        let value = self.text("cors_allow_origins")?;
        match value.as_str() {
            "" => return Some(CorsOrigins::None),
            "*" => return Some(CorsOrigins::All),
            _ => {}
        }
        let origins: Option<Vec<_>> = value.split(',').map(|text| origin(text.trim())).collect();
        if origins.is_none() {
            let problem = "must be empty, *, or origins like https://app.example.com with commas \
                           between them";
            self.refuse("cors_allow_origins", problem);
        }
        origins.map(CorsOrigins::List)
    }
}

/// An origin as browsers write it: scheme, host and port, and nothing behind them.
fn origin(text: &str) -> Option<HeaderValue> {
    let url = Url::parse(text).ok()?;
    let is_origin = url.origin().ascii_serialization() == text;
    is_origin.then(|| HeaderValue::from_str(text).ok())?
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
