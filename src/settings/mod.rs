//! Every setting of the service: a Spin variable each, read and checked once per instance.

mod read;
mod reader;
mod warnings;

use std::fmt;

use axum::http::HeaderValue;
use time::Duration;

use crate::domain::access_token::Algorithm;
use crate::domain::keys::Keys;
use crate::domain::password::PasswordPolicy;
use crate::domain::secret::Secret;
use crate::domain::session::SessionLifetime;
use crate::platform::variables;

pub use self::warnings::Warning;

/// The settings, each of them usable.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Sign the access tokens; the keys for everything else are derived from them.
    pub keys: Keys,
    /// Signs the access tokens.
    pub algorithm: Algorithm,
    /// How long an access token is good.
    pub access_token_lifetime: Duration,
    /// How long a session lives.
    pub session_lifetime: SessionLifetime,
    /// How long a password reset link is good.
    pub reset_token_lifetime: Duration,
    /// What a new password must be.
    pub password_policy: PasswordPolicy,
    /// What a password's hash costs.
    pub argon2: Argon2Cost,
    /// The application's address, without a slash at its end: links in mails begin with it.
    pub frontend_url: String,
    /// The captcha provider.
    pub captcha: CaptchaSettings,
    /// The mail provider.
    pub email: EmailSettings,
    /// Whether there are pages for people; without them the API alone is served.
    pub pages: bool,
    /// Which other origins' pages may call the API.
    pub cors: CorsOrigins,
    /// How many proxies in front of us are ours: their word on addresses is taken.
    pub trusted_proxy_hops: usize,
    /// Whether attempts are counted; off for benchmarks and automated tests only.
    pub throttle: bool,
}

/// The cost of a password's hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argon2Cost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub passes: u32,
}

/// Which other origins' pages may call the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigins {
    /// None: same origin only.
    None,
    /// All, but without credentials.
    All,
    /// These.
    List(Vec<HeaderValue>),
}

impl CorsOrigins {
    /// Whether pages of this origin may call the API.
    pub fn allows(&self, origin: &HeaderValue) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::List(list) => list.contains(origin),
        }
    }
}

/// The captcha provider.
#[derive(Debug, Clone)]
pub enum CaptchaSettings {
    /// We ourselves, by a proof of work in the ALTCHA protocol.
    Builtin {
        /// What one of the derivations costs that a solver tries, in iterations.
        cost: u32,
    },
    /// The predecessor's captcha service.
    Service {
        /// Scheme and authority, without a slash at the end.
        host: String,
        /// The path in front of `/captcha/verify`, without a slash at the end.
        path: String,
    },
    /// A provider of the siteverify protocol, as reCAPTCHA invented it.
    Siteverify {
        /// Where it is asked.
        url: String,
        /// The key that it gave us, which its documentation calls the secret.
        api_key: Secret,
    },
    /// Nobody: for automated tests and private networks only.
    Off,
}

/// The mail provider, and the sender.
#[derive(Debug, Clone)]
pub struct EmailSettings {
    /// The provider.
    pub provider: EmailProvider,
    /// The sender's address.
    pub from_email: String,
    /// The sender's name; it names the application in the mails, too.
    pub from_name: String,
}

/// The mail provider.
#[derive(Debug, Clone)]
pub enum EmailProvider {
    /// Nobody: the text goes to the log, for development.
    Log,
    /// A provider, by its HTTP API.
    Api {
        /// Which one: the requests differ.
        dialect: EmailDialect,
        /// Scheme and authority of its API, without a slash at the end.
        host: String,
        /// The key that it gave us.
        api_key: Secret,
    },
}

/// Whose HTTP API is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailDialect {
    /// <https://resend.com/docs/api-reference/emails/send-email>
    Resend,
    /// <https://postmarkapp.com/developer/api/email-api>
    Postmark,
    /// <https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send>
    Sendgrid,
    /// <https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages>
    Mailgun,
}

/// What is wrong with one variable; the value itself is never told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The variable's name.
    pub variable: &'static str,
    /// What is wrong and what would be right.
    pub problem: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.variable, self.problem)
    }
}

impl Settings {
    /// Reads all variables from Spin.
    ///
    /// # Errors
    /// Every variable that cannot be read or used.
    pub async fn load() -> Result<Self, Vec<Problem>> {
        let mut values = Vec::with_capacity(read::VARIABLES.len());
        for variable in read::VARIABLES {
            values.push((variable, variables::get(variable).await));
        }
        read::settings(values)
    }
}
