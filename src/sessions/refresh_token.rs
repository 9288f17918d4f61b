//! Refresh tokens: each is valid once. Also the lifetime of sessions and the detection of reuse.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use time::Duration;
use uuid::Uuid;

use crate::crypto::keys::{DerivedKeys, KEY_BYTES, Keys};
use crate::platform::timestamp::Timestamp;

/// Time after a rotation in which the previous token still returns the same successor, for two tabs
/// that refresh at once and for lost responses.
pub const GRACE: Duration = Duration::seconds(10);

/// Maximum number of active sessions per user: more than a person has browsers and devices.
pub const MAX_PER_USER: i64 = 100;

/// Accepted difference between the clocks of two machines.
const CLOCK_TOLERANCE: Duration = Duration::seconds(30);
const ID_BYTES: usize = 16;
const COUNTER_BYTES: usize = 8;
const SIGNED_BYTES: usize = ID_BYTES + COUNTER_BYTES;

/// A refresh token: a session and a sequence number. Only the session's counter is stored, and an
/// HMAC of both makes the token unforgeable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshToken {
    pub session: Uuid,
    /// Number of rotations before this token.
    pub counter: u64,
}

impl RefreshToken {
    pub fn first(session: Uuid) -> Self {
        Self {
            session,
            counter: 0,
        }
    }

    /// The token after the next rotation.
    pub fn successor(self) -> Self {
        Self {
            counter: self.counter.saturating_add(1),
            ..self
        }
    }
}

/// Issues and reads refresh tokens.
#[derive(Clone)]
pub struct RefreshTokens(DerivedKeys);

impl RefreshTokens {
    pub fn new(keys: &Keys) -> Self {
        Self(DerivedKeys::derive(keys, "gatehouse refresh token"))
    }

    /// The token to send: session, counter and their HMAC, in base64url.
    pub fn issue(&self, token: RefreshToken) -> SecretString {
        let mut bytes = [0; SIGNED_BYTES + KEY_BYTES];
        bytes[..ID_BYTES].copy_from_slice(token.session.as_bytes());
        bytes[ID_BYTES..SIGNED_BYTES].copy_from_slice(&token.counter.to_be_bytes());
        let code = self.0.authenticate(&bytes[..SIGNED_BYTES]);
        bytes[SIGNED_BYTES..].copy_from_slice(&code);
        SecretString::from(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads a received token. `None` if it was not issued here.
    pub fn read(&self, token: &SecretString) -> Option<RefreshToken> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token.expose_secret()).ok()?;
        let (signed, code) = bytes.split_at_checked(SIGNED_BYTES)?;
        if !self.0.verify(signed, code) {
            return None;
        }
        let (session, counter) = signed.split_at(ID_BYTES);
        Some(RefreshToken {
            session: Uuid::from_slice(session).ok()?,
            counter: u64::from_be_bytes(counter.try_into().ok()?),
        })
    }
}

/// Lifetime of sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLifetime {
    /// Maximum time between two refreshes.
    pub idle: Duration,
    /// Maximum time from the login, regardless of refreshes.
    pub absolute: Duration,
}

impl SessionLifetime {
    /// Expiry of a session that began at `created_at` and is used now.
    pub fn expiry(self, created_at: Timestamp, now: Timestamp) -> Timestamp {
        now.plus(self.idle).min(created_at.plus(self.absolute))
    }
}

/// Verdict on a used refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// A retry within the grace period: return the same successor.
    Retried,
    /// Reuse: a thief may hold a copy, so the session ends (RFC 9700, 4.14.2).
    Reused,
}

/// Judges a used token by its `successor` and by its session: `counter` is the current value, set
/// at `rotated_at`.
pub fn judge_replay(
    successor: RefreshToken,
    counter: u64,
    rotated_at: Timestamp,
    now: Timestamp,
) -> Replay {
    let is_previous = successor.counter == counter;
    // A rotation in the future predates a clock that was set back, so its age is unknown.
    let is_recent = rotated_at <= now.plus(CLOCK_TOLERANCE) && now <= rotated_at.plus(GRACE);
    if is_previous && is_recent {
        Replay::Retried
    } else {
        Replay::Reused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> RefreshTokens {
        RefreshTokens::new(&Keys::only("0123456789abcdef0123456789abcdef"))
    }

    fn at(unix: i64) -> Timestamp {
        Timestamp::from_unix(unix).expect("a moment")
    }

    const TOKEN: RefreshToken = RefreshToken {
        session: Uuid::from_u128(42),
        counter: 7,
    };

    #[test]
    fn an_issued_token_reads_as_itself() {
        assert_eq!(tokens().read(&tokens().issue(TOKEN)), Some(TOKEN));
    }

    #[test]
    fn a_token_that_was_not_issued_here_is_not_read() {
        let issued = tokens().issue(TOKEN);
        let foreign = RefreshTokens::new(&Keys::only("another key")).issue(TOKEN);
        let next_counter = {
            let mut bytes = BASE64_URL_SAFE_NO_PAD
                .decode(issued.expose_secret())
                .expect("base64");
            bytes[SIGNED_BYTES - 1] += 1;
            BASE64_URL_SAFE_NO_PAD.encode(bytes)
        };
        for token in [
            "",
            "nope",
            "żółw",
            foreign.expose_secret(),
            &next_counter,
            &issued.expose_secret()[..74],
            &format!("{}A", issued.expose_secret()),
        ] {
            assert_eq!(tokens().read(&SecretString::from(token)), None, "{token}");
        }
    }

    #[test]
    fn only_the_previous_token_is_retried_and_only_for_a_moment() {
        let judge = |counter, seconds: i64| {
            judge_replay(TOKEN.successor(), counter, at(1000), at(1000 + seconds))
        };
        assert_eq!(judge(8, 0), Replay::Retried);
        assert_eq!(judge(8, 10), Replay::Retried);
        assert_eq!(judge(8, 11), Replay::Reused);
        assert_eq!(judge(8, -30), Replay::Retried);
        assert_eq!(judge(8, -31), Replay::Reused);
        assert_eq!(judge(9, 0), Replay::Reused);
        assert_eq!(judge(7, 0), Replay::Reused);
    }

    #[test]
    fn a_session_slides_until_its_absolute_end() {
        let lifetime = SessionLifetime {
            idle: Duration::days(7),
            absolute: Duration::days(90),
        };
        let day = 24 * 3600;
        let expiry = |now| lifetime.expiry(at(0), at(now * day)).unix() / day;
        assert_eq!(expiry(0), 7);
        assert_eq!(expiry(80), 87);
        assert_eq!(expiry(89), 90);
    }
}
