//! How long Docebo asks to wait.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// A longer wait than this is taken as this: a broken header must not stop a connector for weeks.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(24);

/// Reads `Retry-After`, in seconds or as a date. A date counts from the answer's own `Date`, so no clock is needed.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => until(text, headers.get(DATE)?.to_str().ok()?)?,
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

fn until(date: &str, now: &str) -> Option<Duration> {
    let date = parse_http_date(date)?;
    let now = parse_http_date(now)?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or(Duration::ZERO))
}

fn parse_http_date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
    use rstest::rstest;

    use super::retry_after;

    #[rstest]
    #[case("120", Some(120))]
    #[case(" 7 ", Some(7))]
    #[case("99999999999", Some(86_400))]
    #[case("Sun, 22 Nov 2026 10:00:30 GMT", Some(30))]
    #[case("Sun, 22 Nov 2026 09:00:00 GMT", Some(0))]
    #[case("soon", None)]
    #[case("-5", None)]
    #[case("", None)]
    fn retry_after_is_read_in_seconds_or_as_a_date(#[case] text: &str, #[case] expected_s: Option<u64>) {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, "Sun, 22 Nov 2026 10:00:00 GMT".parse().unwrap());
        headers.insert(RETRY_AFTER, text.parse().unwrap());
        assert_eq!(retry_after(&headers), expected_s.map(Duration::from_secs));
    }

    #[test]
    fn without_the_header_there_is_no_wait() {
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
