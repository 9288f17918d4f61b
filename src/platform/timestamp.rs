//! Timestamps in UTC, in the formats of the database and the API.

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

/// A time in UTC, in whole seconds. Callers pass it in: nothing below the endpoints reads the
/// clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// The time `seconds` after 1970-01-01T00:00:00Z. `None` outside the years -9999 to 9999.
    pub fn from_unix(seconds: i64) -> Option<Self> {
        OffsetDateTime::from_unix_timestamp(seconds).ok().map(Self)
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn unix(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// Parses RFC 3339, and drops the fraction of the second. SQLite knows no time before the year 0, which
    /// an offset leads to.
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        let moment = Self::from_unix(moment.unix_timestamp());
        moment.filter(|moment| moment.year() >= 0)
    }

    /// The calendar year.
    pub fn year(self) -> i32 {
        self.0.year()
    }

    /// Adds `duration`. Returns `self` unchanged if the result is out of range.
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.checked_add(duration).unwrap_or(self.0))
    }

    /// Formats as the database's `YYYY-MM-DD HH:MM:SS`, whose text order is the order in time.
    pub fn to_sql(self) -> String {
        let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
        self.0
            .format(format)
            .unwrap_or_else(|_| self.0.unix_timestamp().to_string())
    }

    /// Formats as RFC 3339 with a `Z`.
    pub fn to_rfc3339(self) -> String {
        self.0
            .format(&Rfc3339)
            .unwrap_or_else(|_| self.0.unix_timestamp().to_string())
    }
}

impl From<std::time::SystemTime> for Timestamp {
    /// Drops the fraction of the second, which neither the database nor the API shows.
    fn from(moment: std::time::SystemTime) -> Self {
        Self(OffsetDateTime::from(moment).truncate_to_second())
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration as StdDuration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_timestamp_is_in_whole_seconds_and_utc() {
        let moment = Timestamp::from(UNIX_EPOCH + StdDuration::from_millis(1_795_347_987_999));
        assert_eq!(moment.to_rfc3339(), "2026-11-22T11:46:27Z");
        assert_eq!(moment.to_sql(), "2026-11-22 11:46:27");
        assert_eq!(moment.unix(), 1_795_347_987);
    }

    #[test]
    fn only_a_time_that_the_database_knows_is_parsed() {
        let parse = |text| Timestamp::from_rfc3339(text).map(Timestamp::to_sql);
        let first = "0000-01-01T00:00:00Z";
        assert_eq!(parse(first).as_deref(), Some("0000-01-01 00:00:00"));
        let offset = "2026-11-22T11:46:27.5+01:00";
        assert_eq!(parse(offset).as_deref(), Some("2026-11-22 10:46:27"));
        for unknown in [
            "0000-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "2026-11-22",
        ] {
            assert_eq!(parse(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_timestamp_out_of_range_does_not_panic() {
        assert_eq!(Timestamp::from_unix(i64::MAX), None);
        let last = Timestamp::from_unix(253_402_300_799).expect("the last second of 9999");
        assert_eq!(last.plus(Duration::days(1)), last);
    }
}
