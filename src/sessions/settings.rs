//! Settings of sessions.

use time::Duration;

use super::refresh_token::SessionLifetime;
use crate::settings::reader::Reader;

/// Lifetimes of tokens and sessions.
#[derive(Debug, Clone, Copy)]
pub struct SessionSettings {
    pub access_token_lifetime: Duration,
    pub lifetime: SessionLifetime,
}

impl SessionSettings {
    /// Reads the section. On `None`, the reader has recorded the problems.
    pub async fn read(reader: &mut Reader) -> Option<Self> {
        let minutes = reader.minutes("access_token_expire_minutes").await;
        let idle = reader.days("refresh_token_expire_days").await;
        let absolute = reader.days("session_max_days").await;
        Some(Self {
            access_token_lifetime: minutes?,
            lifetime: SessionLifetime {
                idle: idle?,
                absolute: absolute?,
            },
        })
    }
}
