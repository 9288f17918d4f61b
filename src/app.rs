//! State that an instance keeps between requests: settings, keys, templates, the database.

use crate::captcha::builtin::Challenges;
use crate::crypto::cursor::Cursors;
use crate::db::Database;
use crate::events::notice_token::NoticeTokens;
use crate::legacy::store::addresses;
use crate::passwords::password::PasswordHasher;
use crate::passwords::reset_token::ResetTokens;
use crate::sessions::access_token::AccessTokens;
use crate::sessions::refresh_token::RefreshTokens;
use crate::settings::Settings;
use crate::templates::Templates;
use crate::throttle::network::Networks;
use crate::verification::code::VerificationCodes;
use crate::verification::token::VerificationTokens;

/// State shared by all handlers. It holds nothing of a single request.
pub struct App {
    pub settings: Settings,
    pub database: Database,
    pub access_tokens: AccessTokens,
    pub refresh_tokens: RefreshTokens,
    pub reset_tokens: ResetTokens,
    pub challenges: Challenges,
    pub networks: Networks,
    pub cursors: Cursors,
    pub notice_tokens: NoticeTokens,
    pub verification_tokens: VerificationTokens,
    pub verification_codes: VerificationCodes,
    pub password_hasher: PasswordHasher,
    pub templates: Templates,
}

impl App {
    /// # Errors
    /// Argon2 rejects its parameters. The settings' ranges rule this out.
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
            cursors: Cursors::new(keys),
            notice_tokens: NoticeTokens::new(keys),
            verification_tokens: VerificationTokens::new(keys),
            verification_codes: VerificationCodes::new(keys),
            password_hasher: PasswordHasher::new(argon2.memory_kib, argon2.passes)?,
            templates: Templates::default(),
            settings,
        })
    }
}
