//! Moments in UTC: as the database keeps them and as the API shows them.

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

/// A moment in UTC, to the second. It is passed in by the caller: nothing below the API reads the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// The moment `seconds` after 1970-01-01T00:00:00Z, or `None` outside the years -9999 to 9999.
    pub fn from_unix(seconds: i64) -> Option<Self> {
        OffsetDateTime::from_unix_timestamp(seconds).ok().map(Self)
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn unix(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// The calendar year.
    pub fn year(self) -> i32 {
        self.0.year()
    }

    /// This moment moved by `duration`; at the end of the calendar it stays where it is.
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.checked_add(duration).unwrap_or(self.0))
    }

    /// Writes the database's `YYYY-MM-DD HH:MM:SS`, which compares as text as it does as time.
    pub fn to_sql(self) -> String {
        let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
        self.0
            .format(format)
            .unwrap_or_else(|_| self.0.unix_timestamp().to_string())
    }

    /// Writes RFC 3339 with a `Z`.
    pub fn to_rfc3339(self) -> String {
        self.0
            .format(&Rfc3339)
            .unwrap_or_else(|_| self.0.unix_timestamp().to_string())
    }
}

impl From<std::time::SystemTime> for Timestamp {
    /// Leaves out the fraction of the second, which neither the database nor the API shows.
    fn from(moment: std::time::SystemTime) -> Self {
        Self(OffsetDateTime::from(moment).truncate_to_second())
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration as StdDuration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_moment_is_whole_seconds_in_utc() {
        let moment = Timestamp::from(UNIX_EPOCH + StdDuration::from_millis(1_795_347_987_999));
        assert_eq!(moment.to_rfc3339(), "2026-11-22T11:46:27Z");
        assert_eq!(moment.to_sql(), "2026-11-22 11:46:27");
        assert_eq!(moment.unix(), 1_795_347_987);
    }

    #[test]
    fn a_moment_past_the_calendar_is_none_and_no_panic() {
        assert_eq!(Timestamp::from_unix(i64::MAX), None);
        let last = Timestamp::from_unix(253_402_300_799).expect("the last second of 9999");
        assert_eq!(last.plus(Duration::days(1)), last);
    }
}
