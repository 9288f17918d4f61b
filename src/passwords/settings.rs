//! Settings of passwords.

use std::ops::RangeInclusive;

use time::Duration;

use super::breaches::BreachCheck;
use super::policy::{MAX_PASSWORD_BYTES, PasswordPolicy, PasswordRules};
use crate::settings::reader::Reader;

/// Memory of a password hash, in KiB: from the lowest of the configurations that OWASP's Password
/// Storage Cheat Sheet calls equivalent to a quarter of a 32-bit address space.
const ARGON2_MEMORY_KIB: RangeInclusive<u32> = 7168..=1024 * 1024;

/// Rules and costs of passwords.
#[derive(Debug, Clone)]
pub struct PasswordSettings {
    pub policy: PasswordPolicy,
    pub breach_check: BreachCheck,
    pub argon2: Argon2Cost,
    /// Lifetime of a reset link.
    pub reset_token_lifetime: Duration,
}

/// Cost of a password hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argon2Cost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
}

impl PasswordSettings {
    /// Reads the section. On `None`, the reader has recorded the problems.
    pub async fn read(reader: &mut Reader) -> Option<Self> {
        let rules = PasswordRules::ALL.map(|rules| (rules.name(), rules));
        let rules = reader.choice("password_rules", &rules).await;
        let min_length = reader
            .number("password_min_length", 1..=MAX_PASSWORD_BYTES / 4)
            .await;
        let breach_check = BreachCheck::read(reader).await;
        let memory_kib = reader.number("argon2_memory_kib", ARGON2_MEMORY_KIB).await;
        let passes = reader.number("argon2_passes", 1..=100).await;
        let reset_token_lifetime = reader.minutes("reset_token_expire_minutes").await;
        Some(Self {
            policy: PasswordPolicy::new(rules?, min_length?),
            breach_check: breach_check?,
            argon2: Argon2Cost {
                memory_kib: memory_kib?,
                passes: passes?,
            },
            reset_token_lifetime: reset_token_lifetime?,
        })
    }
}

impl BreachCheck {
    async fn read(reader: &mut Reader) -> Option<Self> {
        let choices = [("off", false), ("hibp", true)];
        if !reader.choice("password_breach_check", &choices).await? {
            return Some(Self::Off);
        }
        let host = reader.web_address("password_breach_host").await?;
        Some(Self::Hibp { host })
    }
}
