//! What an instance keeps from one request to the next: settings, keys, templates, the database.

use crate::domain::access_token::AccessTokens;
use crate::domain::captcha::Challenges;
use crate::domain::network::Networks;
use crate::domain::password::PasswordHasher;
use crate::domain::reset_token::ResetTokens;
use crate::domain::session::RefreshTokens;
use crate::settings::Settings;
use crate::store::db::Database;
use crate::templates::Templates;

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
        let keys = &settings.keys;
        let argon2 = settings.argon2;
        Ok(Self {
            database: Database::default(),
            access_tokens: AccessTokens::new(
                keys,
                settings.algorithm,
                settings.access_token_lifetime,
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
