//! What an instance keeps from one request to the next: settings, keys, templates, the database.

use crate::captcha::builtin::Challenges;
use crate::db::Database;
use crate::legacy::store::addresses;
use crate::passwords::password::PasswordHasher;
use crate::passwords::reset_token::ResetTokens;
use crate::sessions::access_token::AccessTokens;
use crate::sessions::refresh_token::RefreshTokens;
use crate::settings::Settings;
use crate::templates::Templates;
use crate::throttle::network::Networks;

/// Everything that handlers share. Nothing of a request is ever kept here.
pub struct App {
    /// The settings, each of them usable.
    pub settings: Settings,
    /// Users, sessions, tokens and mail.
    pub database: Database,
    /// Issues and checks access tokens.
    pub access_tokens: AccessTokens,
    /// Writes and reads refresh tokens.
    pub refresh_tokens: RefreshTokens,
    /// Makes reset tokens.
    pub reset_tokens: ResetTokens,
    /// Issues the challenges of the built-in captcha, and checks their solutions.
    pub challenges: Challenges,
    /// Hashes networks.
    pub networks: Networks,
    /// Hashes and compares passwords.
    pub password_hasher: PasswordHasher,
    /// The texts that people see.
    pub templates: Templates,
}

impl App {
    /// An instance with these settings.
    ///
    /// # Errors
    /// Argon2 refuses its parameters, which a test rules out.
    pub fn new(settings: Settings) -> anyhow::Result<Self> {
        let keys = &settings.crypto.keys;
        let argon2 = settings.passwords.argon2;
        Ok(Self {
            database: Database::new(addresses::normalize),
            access_tokens: AccessTokens::new(
                keys,
                settings.crypto.algorithm,
                settings.sessions.access_token_lifetime,
            ),
            refresh_tokens: RefreshTokens::new(keys),
            reset_tokens: ResetTokens::new(keys),
            challenges: Challenges::new(keys),
            networks: Networks::new(keys),
            password_hasher: PasswordHasher::new(argon2.memory_kib, argon2.passes)?,
            templates: Templates::default(),
            settings,
        })
    }
}
