//! Settings of events.

use time::Duration;

use crate::settings::reader::Reader;

#[derive(Debug, Clone, Copy)]
pub struct EventSettings {
    /// How long events are kept.
    pub retention: Duration,
}

impl EventSettings {
    /// Reads the section. On `None`, the reader has recorded the problems.
    pub async fn read(reader: &mut Reader) -> Option<Self> {
        Some(Self {
            retention: reader.days("events_days").await?,
        })
    }
}
