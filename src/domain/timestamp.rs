//! Moments in UTC: as the database keeps them and as the API shows them.

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Duration, OffsetDateTime, PrimitiveDateTime};

/// A moment in UTC. It is passed in by the caller: nothing below the API reads the clock.
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
        Self(self.0.saturating_add(duration))
    }

    /// Reads the database's `YYYY-MM-DD HH:MM:SS[.ffffff]`, which is UTC without saying so.
    pub fn from_sql(text: &str) -> Option<Self> {
        let format = format_description!(
            "[year]-[month]-[day] [hour]:[minute]:[second][optional [.[subsecond]]]"
        );
        PrimitiveDateTime::parse(text, format)
            .ok()
            .map(|moment| Self(moment.assume_utc()))
    }

    /// Writes the database's `YYYY-MM-DD HH:MM:SS`, which compares as text as it does as time.
    pub fn to_sql(self) -> String {
        let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
        self.0
            .format(format)
            .unwrap_or_else(|_| self.0.unix_timestamp().to_string())
    }

    /// Writes RFC 3339 with a `Z`, with a fraction of a second only where there is one.
    pub fn to_rfc3339(self) -> String {
        self.0
            .format(&Rfc3339)
            .unwrap_or_else(|_| self.0.unix_timestamp().to_string())
    }
}

impl From<std::time::SystemTime> for Timestamp {
    fn from(moment: std::time::SystemTime) -> Self {
        Self(OffsetDateTime::from(moment).truncate_to_second())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_time_is_shown_as_utc() {
        for (sql, shown) in [
            ("2026-11-22 11:46:27", "2026-11-22T11:46:27Z"),
            ("2026-11-22 11:46:27.250000", "2026-11-22T11:46:27.25Z"),
            ("2026-11-22 11:46:27.000000", "2026-11-22T11:46:27Z"),
        ] {
            let moment = Timestamp::from_sql(sql).expect(sql);
            assert_eq!(moment.to_rfc3339(), shown);
            assert_eq!(moment.to_sql(), sql[..19]);
        }
    }

    #[test]
    fn a_text_that_is_no_time_is_refused() {
        for text in ["", "yesterday", "2026-13-01 00:00:00", "2026-11-22"] {
            assert_eq!(Timestamp::from_sql(text), None, "{text}");
        }
    }
}
