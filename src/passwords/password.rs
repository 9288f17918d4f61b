//! Password hashes.

use argon2::password_hash::phc::PasswordHash as PhcString;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use pbkdf2::Pbkdf2;
use scrypt::Scrypt;
use secrecy::{ExposeSecret, SecretString};

use super::policy::{MAX_PASSWORD_BYTES, NewPassword};

/// Length of the salt, in bytes (RFC 9106, 3.1, recommends 16).
pub const SALT_BYTES: usize = 16;
/// Salt of the dummy hash for unknown users. Its value is irrelevant.
const DUMMY_SALT: [u8; SALT_BYTES] = [0; SALT_BYTES];

/// Prefix of bcrypt hashes, such as those of the legacy service.
pub const BCRYPT_PREFIX: &str = "$2";
/// The name of scrypt in PHC strings.
pub const SCRYPT: &str = "scrypt";
/// Prefix of the names of PBKDF2 in PHC strings.
pub const PBKDF2_PREFIX: &str = "pbkdf2-";

/// Result of comparing a password with a stored hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Wrong password, or no such user.
    Wrong,
    /// Right password.
    Right,
    /// Right password, but the hash uses other parameters than the current ones.
    Outdated,
}

/// Argon2id with the configured parameters.
#[derive(Debug, Clone)]
pub struct PasswordHasher(Argon2<'static>);

/// Hashing failed: invalid parameters, or out of memory.
#[derive(Debug, thiserror::Error)]
#[error("cannot hash a password: {0}")]
pub struct HashingFailed(String);

impl PasswordHasher {
    /// A hasher with `memory_kib` KiB of memory, `passes` passes and one lane. Of the
    /// parameters that OWASP's Password Storage Cheat Sheet calls equal, the default (7168 KiB and 5
    /// passes) takes the least time and memory, see docs/operating.md.
    ///
    /// # Errors
    /// Argon2 does not allow the parameters.
    pub fn new(memory_kib: u32, passes: u32) -> Result<Self, HashingFailed> {
        let params = Params::new(memory_kib, passes, 1, None)
            .map_err(|error| HashingFailed(error.to_string()))?;
        Ok(Self(Argon2::new(
            Algorithm::Argon2id,
            Version::V0x13,
            params,
        )))
    }

    /// Hashes a new password with a fresh salt, as a PHC string.
    ///
    /// # Errors
    /// No memory for the hash.
    pub fn hash(
        &self,
        password: &NewPassword,
        salt: [u8; SALT_BYTES],
    ) -> Result<String, HashingFailed> {
        self.hash_text(password.expose(), salt)
    }

    /// Hashes the password of a user who has just logged in, without checking the policy, which may
    /// have changed since the user chose it.
    ///
    /// # Errors
    /// No memory for the hash.
    pub fn rehash(
        &self,
        password: &SecretString,
        salt: [u8; SALT_BYTES],
    ) -> Result<String, HashingFailed> {
        self.hash_text(password.expose_secret(), salt)
    }

    /// Compares a password with a stored hash. Without a stored hash, for an unknown user, it takes
    /// the same time and returns [`Verdict::Wrong`].
    ///
    /// # Errors
    /// No memory for the hash.
    pub fn verify(
        &self,
        password: &SecretString,
        stored: Option<&str>,
    ) -> Result<Verdict, HashingFailed> {
        if password.expose_secret().len() > MAX_PASSWORD_BYTES {
            return Ok(Verdict::Wrong);
        }
        if let Some(stored) = stored.filter(|stored| stored.starts_with(BCRYPT_PREFIX)) {
            return Ok(verify_bcrypt(password, stored));
        }
        let Some(stored) = stored.and_then(|stored| PhcString::new(stored).ok()) else {
            self.hash_text(password.expose_secret(), DUMMY_SALT)?;
            return Ok(Verdict::Wrong);
        };
        let verifier: &dyn PasswordVerifier<PhcString> = match stored.algorithm.as_str() {
            SCRYPT => &Scrypt::new(),
            name if name.starts_with(PBKDF2_PREFIX) => &Pbkdf2::SHA256,
            _ => &self.0,
        };
        match verifier.verify_password(password.expose_secret().as_bytes(), &stored) {
            Ok(()) if self.is_current(&stored) => Ok(Verdict::Right),
            Ok(()) => Ok(Verdict::Outdated),
            Err(_) => {
                // A failed check of a cheaper old hash must take at least as long as one for an
                // unknown user.
                if !self.is_current(&stored) {
                    self.hash_text(password.expose_secret(), DUMMY_SALT)?;
                }
                Ok(Verdict::Wrong)
            }
        }
    }

    fn hash_text(&self, password: &str, salt: [u8; SALT_BYTES]) -> Result<String, HashingFailed> {
        self.0
            .hash_password_with_salt(password.as_bytes(), &salt)
            .map(|hash| hash.to_string())
            .map_err(|error| HashingFailed(error.to_string()))
    }

    fn is_current(&self, stored: &PhcString) -> bool {
        let params = self.0.params();
        stored.algorithm.as_str() == "argon2id"
            && Params::try_from(stored).is_ok_and(|stored| {
                stored.m_cost() == params.m_cost()
                    && stored.t_cost() == params.t_cost()
                    && stored.p_cost() == params.p_cost()
            })
    }
}

/// Compares with a bcrypt hash, which covers only the first 72 bytes, as in the legacy service.
fn verify_bcrypt(password: &SecretString, stored: &str) -> Verdict {
    match bcrypt::verify(password.expose_secret(), stored) {
        Ok(true) => Verdict::Outdated,
        Ok(false) | Err(_) => Verdict::Wrong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passwords::policy::{Names, PasswordPolicy, PasswordRules};

    fn hasher() -> PasswordHasher {
        PasswordHasher::new(64, 1).expect("small parameters")
    }

    fn hash(password: &str) -> String {
        let policy = PasswordPolicy::new(PasswordRules::Legacy, 6);
        let password = policy.parse(password, "Gatehouse", Names::default());
        let password = password.expect("an allowed password");
        hasher().hash(&password, [7; 16]).expect("a hash")
    }

    #[test]
    fn only_the_exact_password_is_right() {
        let password = format!("{}1", "aB".repeat(50));
        let stored = hash(&password);
        let verdict = |candidate: &str| {
            hasher()
                .verify(&SecretString::from(candidate), Some(&stored))
                .expect("a verdict")
        };
        assert_eq!(verdict(&password), Verdict::Right);
        for wrong in [
            &password[..72],
            &password.to_lowercase(),
            &format!("{password} "),
            "",
        ] {
            assert_eq!(verdict(wrong), Verdict::Wrong, "{wrong}");
        }
    }

    #[test]
    fn a_hash_made_with_other_parameters_is_right_and_outdated() {
        let today = PasswordHasher::new(128, 2).expect("other parameters");
        let verdict = today.verify(&SecretString::from("abcde7"), Some(&hash("abcde7")));
        assert_eq!(verdict.expect("a verdict"), Verdict::Outdated);
    }

    #[test]
    fn a_legacy_hash_is_right_and_outdated() {
        let stored = bcrypt::hash("abcde7", 4).expect("a hash");
        let verify = |password| hasher().verify(&SecretString::from(password), Some(&stored));
        assert_eq!(verify("abcde7").expect("a verdict"), Verdict::Outdated);
        assert_eq!(verify("abcde8").expect("a verdict"), Verdict::Wrong);
    }

    #[test]
    fn without_a_usable_hash_every_password_is_wrong() {
        let password = SecretString::from("abcde7");
        for stored in [
            None,
            Some(""),
            Some("abcde7"),
            Some("$argon2id$v=19$broken"),
            Some("$2b$12$broken"),
        ] {
            let verdict = hasher().verify(&password, stored).expect("a verdict");
            assert_eq!(verdict, Verdict::Wrong, "{stored:?}");
        }
    }

    #[test]
    fn a_password_past_the_limit_is_wrong_without_hashing() {
        let impossible = PasswordHasher::new(4 * 1024 * 1024, 1).expect("four GiB");
        let password = SecretString::from("a1".repeat(500_000));
        let verdict = impossible.verify(&password, None).expect("no hashing");
        assert_eq!(verdict, Verdict::Wrong);
    }
}
