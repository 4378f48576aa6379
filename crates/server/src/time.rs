//! Times as every answer shows them.

use jiff::Timestamp;

/// A time as RFC 3339 in UTC with milliseconds; the beginning of time if it is out of range.
pub(crate) fn rfc3339(unix_ms: u64) -> String {
    let timestamp = i64::try_from(unix_ms)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok());
    format!("{:.3}", timestamp.unwrap_or(Timestamp::UNIX_EPOCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_always_has_its_milliseconds() {
        assert_eq!(rfc3339(1_763_803_811_412), "2025-11-22T09:30:11.412Z");
        assert_eq!(rfc3339(1_763_803_811_000), "2025-11-22T09:30:11.000Z");
        assert_eq!(rfc3339(u64::MAX), "1970-01-01T00:00:00.000Z");
    }
}
