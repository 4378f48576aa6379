//! The one place where the simulator reads the time of day.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Docebo's spelling of a moment, in UTC and without a zone mark.
const DOCEBO_DATE_TIME: &str = "%Y-%m-%d %H:%M:%S";

/// A moment in milliseconds since 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) i64);

impl Moment {
    /// Reads the wall clock.
    #[expect(
        clippy::disallowed_methods,
        reason = "the edge: everything behind it takes the moment as an argument"
    )]
    pub(crate) fn now() -> Self {
        Self(Timestamp::now().as_millisecond())
    }

    /// Returns the moment `seconds` later.
    pub(crate) fn plus_seconds(self, seconds: u64) -> Self {
        let ms = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000);
        Self(self.0.saturating_add(ms))
    }

    /// Spells the moment as Docebo does.
    pub(crate) fn docebo_text(self) -> String {
        Timestamp::from_millisecond(self.0)
            .unwrap_or(Timestamp::UNIX_EPOCH)
            .to_zoned(TimeZone::UTC)
            .strftime(DOCEBO_DATE_TIME)
            .to_string()
    }
}

/// Says whether a text is a moment in Docebo's spelling, `YYYY-MM-DD HH:MM:SS`.
pub(crate) fn is_docebo_date_time(text: &str) -> bool {
    text.len() == "2026-01-31 23:59:59".len() && jiff::civil::DateTime::strptime(DOCEBO_DATE_TIME, text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_spelled_in_utc_without_a_zone_mark() {
        assert_eq!(Moment(1_763_802_611_412).docebo_text(), "2025-11-22 09:10:11");
    }

    #[test]
    fn only_the_documented_spelling_is_a_date_time() {
        assert!(is_docebo_date_time("2026-02-11 09:30:11"));
        for wrong in [
            "2026-02-11",
            "2026-02-11T09:30:11",
            "2026-02-30 09:30:11",
            "",
            "2026-2-11 09:30:110",
        ] {
            assert!(!is_docebo_date_time(wrong), "{wrong}");
        }
    }
}
