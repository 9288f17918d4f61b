//! Password hashes that other services made: which ones are taken, and how long checking one takes.

use std::time::Duration;

use argon2::password_hash::phc::PasswordHash as PhcString;
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use bcrypt::HashParts;

use super::password::{BCRYPT_PREFIX, PBKDF2_PREFIX, SCRYPT};

/// Longest text of a hash, in bytes. A PHC string with the longest salt and output has about 250.
const MAX_BYTES: usize = 512;
/// Most memory that a check may take, in KiB: argon2-cffi's default, with which FastAPI-Users hashes.
const MAX_MEMORY_KIB: u64 = 64 * 1024;
/// Longest time that a check may take.
const MAX_TIME: Duration = Duration::from_millis(1100);

const UNSUPPORTED: &str = "The hash is not supported.";
const TOO_SLOW: &str = "The hash takes too long to check.";
const TOO_LARGE: &str = "The hash takes too much memory to check.";

/// The hash of a password, made by another service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignHash {
    /// In the format in which hashes are stored.
    pub text: String,
    /// How long it takes to compare a password with it, on an idle core of an ordinary server.
    pub check_time: Duration,
}

/// What a check takes. Units of work take as many nanoseconds in WebAssembly as measured, see
/// docs/performance.md.
struct Cost {
    memory_kib: u64,
    nanoseconds: u64,
}

impl ForeignHash {
    /// Parses a hash: bcrypt, or argon2, scrypt or PBKDF2 as a PHC string, or as Django or passlib writes it.
    ///
    /// # Errors
    /// It is none of these, or too costly to check.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > MAX_BYTES {
            return Err(UNSUPPORTED);
        }
        let text = normalize(text).ok_or(UNSUPPORTED)?;
        let cost = if text.starts_with(BCRYPT_PREFIX) {
            Cost::of_bcrypt(&text)
        } else {
            Cost::of_phc(&text)
        };
        let cost = cost.ok_or(UNSUPPORTED)?;
        let check_time = Duration::from_nanos(cost.nanoseconds);
        if cost.memory_kib > MAX_MEMORY_KIB {
            Err(TOO_LARGE)
        } else if check_time > MAX_TIME {
            Err(TOO_SLOW)
        } else {
            Ok(Self { text, check_time })
        }
    }
}

/// Rewrites what Django and passlib write to what is stored. Leaves everything else as it is.
fn normalize(text: &str) -> Option<String> {
    // Django puts the name of the hasher in front of a whole hash.
    let text = text.strip_prefix("bcrypt$").unwrap_or(text);
    let text = text.strip_prefix("argon2$").map_or_else(
        || text.to_owned(),
        // The hash begins without its dollar.
        |hash| format!("${hash}"),
    );
    let parts: Vec<_> = text.split('$').collect();
    match parts[..] {
        // Django: the salt is a text, the output is padded.
        [
            name @ ("pbkdf2_sha256" | "pbkdf2_sha512"),
            rounds,
            salt,
            output,
        ] => {
            let name = name.replace('_', "-");
            let salt = BASE64_STANDARD_NO_PAD.encode(salt);
            pbkdf2(&name, rounds, &salt, output.trim_end_matches('='))
        }
        // passlib: the rounds have no name, and a dot stands for the plus of Base64.
        [
            "",
            name @ ("pbkdf2-sha256" | "pbkdf2-sha512"),
            rounds,
            salt,
            output,
        ] if !rounds.contains('=') => {
            let base64 = |text: &str| text.replace('.', "+");
            pbkdf2(name, rounds, &base64(salt), &base64(output))
        }
        _ => Some(text),
    }
}

fn pbkdf2(name: &str, rounds: &str, salt: &str, output: &str) -> Option<String> {
    let length = BASE64_STANDARD_NO_PAD.decode(output).ok()?.len();
    Some(format!("${name}$i={rounds},l={length}${salt}${output}"))
}

impl Cost {
    fn of_bcrypt(text: &str) -> Option<Self> {
        /// The cost factors that the algorithm allows.
        const FACTORS: std::ops::RangeInclusive<u32> = 4..=31;
        const ROUND: u64 = 110_000;
        let is_known = ["$2a$", "$2b$", "$2y$"]
            .iter()
            .any(|it| text.starts_with(it));
        let factor = text.parse::<HashParts>().ok()?.get_cost();
        (is_known && FACTORS.contains(&factor)).then(|| Self {
            memory_kib: 4,
            nanoseconds: ROUND << factor,
        })
    }

    fn of_phc(text: &str) -> Option<Self> {
        let hash = PhcString::new(text).ok()?;
        (hash.salt.is_some() && hash.hash.is_some()).then_some(())?;
        match hash.algorithm.as_str() {
            SCRYPT => Self::of_scrypt(scrypt::Params::try_from(&hash).ok()?),
            name if name.starts_with(PBKDF2_PREFIX) => {
                let algorithm = pbkdf2::Algorithm::new(name).ok()?;
                Self::of_pbkdf2(algorithm, pbkdf2::Params::try_from(&hash).ok()?)
            }
            name => {
                argon2::Algorithm::new(name).ok()?;
                argon2::Version::try_from(hash.version?).ok()?;
                Self::of_argon2(&argon2::Params::try_from(&hash).ok()?)
            }
        }
    }

    fn of_argon2(params: &argon2::Params) -> Option<Self> {
        const KIB: u64 = 900;
        let memory_kib = u64::from(params.m_cost());
        let passes = u64::from(params.t_cost());
        Some(Self {
            memory_kib,
            nanoseconds: memory_kib.saturating_mul(passes).saturating_mul(KIB),
        })
    }

    fn of_scrypt(params: scrypt::Params) -> Option<Self> {
        const KIB: u64 = 8_000;
        let bytes = 128 * u64::from(params.r());
        let memory_kib = params.n().checked_mul(bytes)? / 1024;
        let lanes = u64::from(params.p());
        Some(Self {
            memory_kib,
            nanoseconds: memory_kib.saturating_mul(lanes).saturating_mul(KIB),
        })
    }

    fn of_pbkdf2(algorithm: pbkdf2::Algorithm, params: pbkdf2::Params) -> Option<Self> {
        const SHA256_ROUND: u64 = 700;
        const SHA512_ROUND: u64 = 900;
        let (block, round) = match algorithm {
            pbkdf2::Algorithm::Pbkdf2Sha256 => (32, SHA256_ROUND),
            pbkdf2::Algorithm::Pbkdf2Sha512 => (64, SHA512_ROUND),
            _ => return None,
        };
        let blocks = params.output_len().div_ceil(block) as u64;
        Some(Self {
            memory_kib: 4,
            nanoseconds: u64::from(params.rounds()) * blocks * round,
        })
    }
}
