//! Access tokens: JSON Web Tokens that say who is calling, for some minutes.

use jwt_simple::prelude::{
    Claims, Duration, HS256Key, HS384Key, HS512Key, JWTClaims, MACLike, UnixTimeStamp,
    VerificationOptions,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::secret::Secret;
use super::timestamp::Timestamp;
use super::user::Role;

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

/// The algorithms that tokens can be signed with; the token's own header never chooses
/// (RFC 8725, 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
}

enum Key {
    Hs256(HS256Key),
    Hs384(HS384Key),
    Hs512(HS512Key),
}

/// Issues and checks access tokens.
pub struct AccessTokens {
    key: Key,
    lifetime_seconds: u64,
}

/// What a token says of its bearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer {
    /// The user.
    pub user: Uuid,
    /// The session that the token was issued in; tokens of the predecessor name none.
    pub session: Option<Uuid>,
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
    pub fn new(secret_key: &Secret, algorithm: Algorithm, lifetime: time::Duration) -> Self {
        let key = secret_key.expose().as_bytes();
        Self {
            key: match algorithm {
                Algorithm::Hs256 => Key::Hs256(HS256Key::from_bytes(key)),
                Algorithm::Hs384 => Key::Hs384(HS384Key::from_bytes(key)),
                Algorithm::Hs512 => Key::Hs512(HS512Key::from_bytes(key)),
            },
            lifetime_seconds: lifetime.whole_seconds().unsigned_abs(),
        }
    }

    /// How long a token is good for, in seconds.
    pub fn lifetime_seconds(&self) -> u64 {
        self.lifetime_seconds
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
    ) -> Result<Secret, SigningFailed> {
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
            .map(Secret::new)
            .map_err(|error| SigningFailed(error.to_string()))
    }

    /// Whom a token names, or `None` if it is not a good access token now: `sub`, `exp` and
    /// `type` are required, the other claims are checked where they are present.
    pub fn check(&self, token: &Secret, now: Timestamp) -> Option<Bearer> {
        let options = VerificationOptions {
            time_tolerance: Some(Duration::from_secs(CLOCK_TOLERANCE_SECONDS)),
            max_token_length: Some(MAX_TOKEN_BYTES),
            artificial_time: Some(unix_time(now)),
            ..VerificationOptions::default()
        };
        let claims = match &self.key {
            Key::Hs256(key) => key.verify_token(token.expose(), Some(options)),
            Key::Hs384(key) => key.verify_token(token.expose(), Some(options)),
            Key::Hs512(key) => key.verify_token(token.expose(), Some(options)),
        };
        let claims: JWTClaims<CustomClaims> = claims.ok()?;
        let is_ours = claims.issuer.is_none_or(|issuer| issuer == ISSUER);
        let is_access_token = claims.custom.r#type == TYPE;
        let latest_expiry = unix_time(now) + Duration::from_days(MAX_LIFETIME_DAYS);
        if !(is_ours && is_access_token && claims.expires_at? <= latest_expiry) {
            return None;
        }
        Some(Bearer {
            user: Uuid::parse_str(&claims.subject?).ok()?,
            session: claims.custom.sid,
        })
    }
}

fn unix_time(moment: Timestamp) -> UnixTimeStamp {
    UnixTimeStamp::from_secs(moment.unix().unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const USER: Uuid = Uuid::from_u128(1);
    const SESSION: Uuid = Uuid::from_u128(2);

    fn tokens(secret: &str, algorithm: Algorithm) -> AccessTokens {
        AccessTokens::new(&Secret::new(secret), algorithm, time::Duration::minutes(30))
    }

    fn at(unix: i64) -> Timestamp {
        Timestamp::from_unix(unix).expect("a moment")
    }

    fn issue(algorithm: Algorithm) -> Secret {
        tokens(SECRET, algorithm)
            .issue(USER, SESSION, Role::Regular, Uuid::from_u128(3), at(1000))
            .expect("a token")
    }

    /// A token that is signed with our key and says what it likes.
    fn sign(claims: &str) -> Secret {
        use hmac::{Hmac, KeyInit, Mac};
        let encode =
            |bytes: &[u8]| base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, bytes);
        let signed = format!(
            "{}.{}",
            encode(br#"{"alg":"HS256","typ":"JWT"}"#),
            encode(claims.as_bytes())
        );
        let code = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes())
            .expect("any key")
            .chain_update(signed.as_bytes())
            .finalize()
            .into_bytes();
        Secret::new(format!("{signed}.{}", encode(&code)))
    }

    fn check(token: &Secret, now: i64) -> Option<Bearer> {
        tokens(SECRET, Algorithm::Hs256).check(token, at(now))
    }

    #[test]
    fn a_token_names_its_user_and_session_under_every_algorithm() {
        for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
            let bearer = tokens(SECRET, algorithm).check(&issue(algorithm), at(1000));
            let expected = Bearer {
                user: USER,
                session: Some(SESSION),
            };
            assert_eq!(bearer, Some(expected), "{algorithm:?}");
        }
    }

    #[test]
    fn a_token_of_another_key_or_algorithm_is_refused() {
        let token = issue(Algorithm::Hs256);
        assert_eq!(
            tokens("another key", Algorithm::Hs256).check(&token, at(1000)),
            None
        );
        assert_eq!(
            tokens(SECRET, Algorithm::Hs512).check(&token, at(1000)),
            None
        );
    }

    #[test]
    fn a_token_ends_with_its_lifetime_and_the_clocks_tolerance() {
        let token = issue(Algorithm::Hs256);
        assert!(check(&token, 1000 - 30).is_some());
        assert!(check(&token, 1000 + 1800 + 29).is_some());
        assert!(check(&token, 1000 + 1800 + 31).is_none());
    }

    #[test]
    fn a_token_of_the_predecessor_is_good_without_the_claims_that_it_did_not_know() {
        let token = sign(&format!(r#"{{"sub":"{USER}","exp":2000,"type":"access"}}"#));
        let expected = Bearer {
            user: USER,
            session: None,
        };
        assert_eq!(check(&token, 1000), Some(expected));
    }

    #[test]
    fn claims_that_are_missing_or_wrong_are_refused() {
        for claims in [
            r#"{"exp":2000,"type":"access"}"#.to_owned(),
            format!(r#"{{"sub":"{USER}","type":"access"}}"#),
            format!(r#"{{"sub":"{USER}","exp":2000}}"#),
            format!(r#"{{"sub":"{USER}","exp":2000,"type":"refresh"}}"#),
            format!(r#"{{"sub":"{USER}","exp":2000,"type":"access","iss":"someone"}}"#),
            format!(r#"{{"sub":"{USER}","exp":2000,"type":"access","iat":5000}}"#),
            format!(r#"{{"sub":"{USER}","exp":2000,"type":"access","sid":"nope"}}"#),
            format!(r#"{{"sub":"{USER}","exp":"2000","type":"access"}}"#),
            format!(r#"{{"sub":"{USER}","exp":-1,"type":"access"}}"#),
            format!(r#"{{"sub":"{USER}","exp":900,"type":"access"}}"#),
            r#"{"sub":"tom","exp":2000,"type":"access"}"#.to_owned(),
            r#"{"sub":1,"exp":2000,"type":"access"}"#.to_owned(),
            "[]".to_owned(),
        ] {
            assert_eq!(check(&sign(&claims), 1000), None, "{claims}");
        }
    }

    #[test]
    fn an_expiry_past_all_calendars_is_refused() {
        for expiry in ["1e300", "18446744073709551615", "99999999999999999999999"] {
            let claims = format!(r#"{{"sub":"{USER}","exp":{expiry},"type":"access"}}"#);
            assert_eq!(check(&sign(&claims), 1000), None, "{claims}");
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let unsigned = format!(
            "{}.e30.",
            base64::Engine::encode(
                &base64::prelude::BASE64_URL_SAFE_NO_PAD,
                br#"{"alg":"none"}"#
            )
        );
        for token in ["", ".", "..", "a.b.c", "żółw", &unsigned, &"x".repeat(5000)] {
            assert_eq!(check(&Secret::new(token), 1000), None, "{token}");
        }
    }
}
