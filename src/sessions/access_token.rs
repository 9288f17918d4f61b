//! Access tokens: short-lived JSON Web Tokens that identify the user and the session.

use jwt_simple::prelude::{
    Claims, Duration, HS256Key, HS384Key, HS512Key, JWTClaims, MACLike, UnixTimeStamp,
    VerificationOptions,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::crypto::keys::{Algorithm, Keys};
use crate::platform::timestamp::Timestamp;
use crate::users::user::Role;

/// The `iss` claim (RFC 7519, 4.1.1).
const ISSUER: &str = "gatehouse";
/// The `type` claim. Legacy refresh tokens have another one.
const TYPE: &str = "access";
/// Accepted difference between the clocks of two machines.
const CLOCK_TOLERANCE_SECONDS: u64 = 30;
/// Upper bound on the remaining lifetime. A later expiry is invalid.
const MAX_LIFETIME_DAYS: u64 = 3650;
/// Maximum length of a token: well above our own, and cheap to check.
const MAX_TOKEN_BYTES: usize = 4096;

enum Key {
    Hs256(HS256Key),
    Hs384(HS384Key),
    Hs512(HS512Key),
}

/// Issues and checks access tokens.
pub struct AccessTokens {
    key: Key,
    previous_key: Option<Key>,
    lifetime_seconds: u64,
}

/// The verified claims of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer {
    pub user: Uuid,
    /// The token's session. Legacy tokens have none.
    pub session: Option<Uuid>,
    /// The token's expiry.
    pub expires_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct CustomClaims {
    r#type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
}

#[derive(Debug, thiserror::Error)]
#[error("cannot sign an access token: {0}")]
pub struct SigningFailed(String);

impl AccessTokens {
    /// Signs with the raw bytes of the secret key, like the legacy service.
    pub fn new(keys: &Keys, algorithm: Algorithm, lifetime: time::Duration) -> Self {
        let (key, previous_key) = keys.map(|key| Key::new(key, algorithm));
        Self {
            key,
            previous_key,
            lifetime_seconds: lifetime.whole_seconds().unsigned_abs(),
        }
    }

    /// Lifetime of a token, in seconds.
    pub fn lifetime_seconds(&self) -> u64 {
        self.lifetime_seconds
    }

    /// Maximum remaining lifetime of a token that another machine may have just issued, with a
    /// different clock.
    pub fn max_remaining_lifetime(&self) -> time::Duration {
        let seconds = self.lifetime_seconds + CLOCK_TOLERANCE_SECONDS;
        time::Duration::seconds(seconds.try_into().unwrap_or(i64::MAX))
    }

    /// Issues a token for `user` in `session` at `now`, with `id` as its `jti`.
    ///
    /// # Errors
    /// The claims cannot be serialized.
    pub fn issue(
        &self,
        user: Uuid,
        session: Uuid,
        role: Role,
        id: Uuid,
        now: Timestamp,
    ) -> Result<SecretString, SigningFailed> {
        let custom = CustomClaims {
            r#type: TYPE.into(),
            sid: Some(session),
            role: Some(role),
        };
        let issued_at = unix_time(now);
        let lifetime = Duration::from_secs(self.lifetime_seconds);
        let claims = JWTClaims {
            issued_at: Some(issued_at),
            expires_at: Some(issued_at + lifetime),
            invalid_before: None,
            issuer: Some(ISSUER.into()),
            subject: Some(user.to_string()),
            jwt_id: Some(id.to_string()),
            ..Claims::with_custom_claims(custom, lifetime)
        };
        let token = match &self.key {
            Key::Hs256(key) => key.authenticate(claims),
            Key::Hs384(key) => key.authenticate(claims),
            Key::Hs512(key) => key.authenticate(claims),
        };
        token
            .map(SecretString::from)
            .map_err(|error| SigningFailed(error.to_string()))
    }

    /// Returns the claims of a valid access token, otherwise `None`. `sub`, `exp` and `type` are
    /// required; other claims are checked if present.
    pub fn check(&self, token: &SecretString, now: Timestamp) -> Option<Bearer> {
        let options = VerificationOptions {
            time_tolerance: Some(Duration::from_secs(CLOCK_TOLERANCE_SECONDS)),
            max_token_length: Some(MAX_TOKEN_BYTES),
            artificial_time: Some(unix_time(now)),
            ..VerificationOptions::default()
        };
        let verify = |key: &Key| key.verify(token, options.clone());
        let claims = verify(&self.key).or_else(|| verify(self.previous_key.as_ref()?))?;
        let has_our_issuer = claims.issuer.is_none_or(|issuer| issuer == ISSUER);
        let is_access_token = claims.custom.r#type == TYPE;
        let latest_expiry = unix_time(now) + Duration::from_days(MAX_LIFETIME_DAYS);
        let expires_at = claims.expires_at?;
        if !(has_our_issuer && is_access_token && expires_at <= latest_expiry) {
            return None;
        }
        Some(Bearer {
            user: Uuid::parse_str(&claims.subject?).ok()?,
            session: claims.custom.sid,
            expires_at: Timestamp::from_unix(expires_at.as_secs().try_into().ok()?)?,
        })
    }
}

impl Key {
    fn new(secret_key: &SecretString, algorithm: Algorithm) -> Self {
        let key = secret_key.expose_secret().as_bytes();
        match algorithm {
            Algorithm::Hs256 => Self::Hs256(HS256Key::from_bytes(key)),
            Algorithm::Hs384 => Self::Hs384(HS384Key::from_bytes(key)),
            Algorithm::Hs512 => Self::Hs512(HS512Key::from_bytes(key)),
        }
    }

    fn verify(
        &self,
        token: &SecretString,
        options: VerificationOptions,
    ) -> Option<JWTClaims<CustomClaims>> {
        let claims = match self {
            Self::Hs256(key) => key.verify_token(token.expose_secret(), Some(options)),
            Self::Hs384(key) => key.verify_token(token.expose_secret(), Some(options)),
            Self::Hs512(key) => key.verify_token(token.expose_secret(), Some(options)),
        };
        claims.ok()
    }
}

fn unix_time(moment: Timestamp) -> UnixTimeStamp {
    UnixTimeStamp::from_secs(moment.unix().unsigned_abs())
}

#[cfg(test)]
mod tests;
