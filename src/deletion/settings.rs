//! Settings of the deletion of users.

use time::Duration;

use crate::settings::reader::Reader;

/// Longest time until a user is deleted, in days. The law gives a month (GDPR, article 12, 3), and more in
/// complex cases.
const MAX_GRACE_DAYS: u32 = 90;

#[derive(Debug, Clone, Copy)]
pub struct DeletionSettings {
    /// How long a user who asked to be deleted can still change their mind.
    pub grace: Duration,
}

impl DeletionSettings {
    /// Reads the section. On `None`, the reader has recorded the problems.
    pub async fn read(reader: &mut Reader) -> Option<Self> {
        let days = reader.number("deletion_grace_days", 0..=MAX_GRACE_DAYS);
        let days = days.await?;
        Some(Self {
            grace: Duration::days(i64::from(days)),
        })
    }
}
