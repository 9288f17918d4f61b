//! Access tokens: JSON Web Tokens that say who is calling, for some minutes.

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

/// Who issues the tokens (RFC 7519, 4.1.1).
const ISSUER: &str = "gatehouse";
/// The `type` of an access token, as against a refresh token of the predecessor.
const TYPE: &str = "access";
/// How far two machines' clocks may be apart.
const CLOCK_TOLERANCE_SECONDS: u64 = 30;
/// Longer than any token we issue may live: an expiry past it is nonsense, not patience.
const MAX_LIFETIME_DAYS: u64 = 3650;
/// Longer than any token we issue, shorter than anything that is costly to check.
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

/// What a token says of its bearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer {
    /// The user.
    pub user: Uuid,
    /// The session that the token was issued in; tokens of the predecessor name none.
    pub session: Option<Uuid>,
    /// Until when the token says that it is good.
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

/// The token could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("cannot sign an access token: {0}")]
pub struct SigningFailed(String);

impl AccessTokens {
    /// Signs with the raw bytes of the secret key, as the predecessor did.
    pub fn new(keys: &Keys, algorithm: Algorithm, lifetime: time::Duration) -> Self {
        let (key, previous_key) = keys.map(|key| Key::new(key, algorithm));
        Self {
            key,
            previous_key,
            lifetime_seconds: lifetime.whole_seconds().unsigned_abs(),
        }
    }

    /// How long a token is good for, in seconds.
    pub fn lifetime_seconds(&self) -> u64 {
        self.lifetime_seconds
    }

    /// How far ahead an expiry can lie of a token that exists already, on whichever machine it was
    /// issued.
    pub fn longest_life(&self) -> time::Duration {
        let seconds = self.lifetime_seconds + CLOCK_TOLERANCE_SECONDS;
        time::Duration::seconds(seconds.try_into().unwrap_or(i64::MAX))
    }

    /// A token for `user` in `session`, issued `now` and known as `id`.
    ///
    /// # Errors
    /// The claims could not be written as JSON.
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

    /// The bearer that a token names, or `None` if it is not a good access token now: `sub`, `exp` and
    /// `type` are required, the other claims are checked where they are present.
    pub fn check(&self, token: &SecretString, now: Timestamp) -> Option<Bearer> {
        let options = VerificationOptions {
            time_tolerance: Some(Duration::from_secs(CLOCK_TOLERANCE_SECONDS)),
            max_token_length: Some(MAX_TOKEN_BYTES),
            artificial_time: Some(unix_time(now)),
            ..VerificationOptions::default()
        };
        let verify = |key: &Key| key.verify(token, options.clone());
        let claims = verify(&self.key).or_else(|| verify(self.previous_key.as_ref()?))?;
        let is_ours = claims.issuer.is_none_or(|issuer| issuer == ISSUER);
        let is_access_token = claims.custom.r#type == TYPE;
        let latest_expiry = unix_time(now) + Duration::from_days(MAX_LIFETIME_DAYS);
        let expires_at = claims.expires_at?;
        if !(is_ours && is_access_token && expires_at <= latest_expiry) {
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
