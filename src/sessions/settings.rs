//! Settings of sessions.

use time::Duration;

use super::refresh_token::SessionLifetime;
use crate::settings::reader::Reader;

/// Lifetimes of tokens and sessions.
#[derive(Debug, Clone, Copy)]
pub struct SessionSettings {
    pub access_token_lifetime: Duration,
    pub lifetime: SessionLifetime,
    /// Whether a session keeps the first part of the address that it began on.
    pub keeps_ip_prefix: bool,
}

impl SessionSettings {
    /// Reads the section. On `None`, the reader has recorded the problems.
    pub async fn read(reader: &mut Reader) -> Option<Self> {
        let minutes = reader.minutes("access_token_expire_minutes").await;
        let idle = reader.days("refresh_token_expire_days").await;
        let absolute = reader.days("session_max_days").await;
        let keeps_ip_prefix = reader
            .choice("session_ip", &[("off", false), ("prefix", true)])
            .await;
        Some(Self {
            access_token_lifetime: minutes?,
            lifetime: SessionLifetime {
                idle: idle?,
                absolute: absolute?,
            },
            keeps_ip_prefix: keeps_ip_prefix?,
        })
    }
}
