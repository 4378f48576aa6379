//! Durations as people write them: `250ms`, `25s`, `15m`, `6h`, `14d`.

use std::time::Duration;

/// The longest duration that can be meant.
const MAX_SECONDS: u64 = 400 * 24 * 3_600;

/// Reads a whole number with its unit; `None` if it is none, or over 400 days.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let seconds_each = match unit.trim() {
        "ms" => return within_limit(Duration::from_millis(number)),
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    within_limit(Duration::from_secs(number.checked_mul(seconds_each)?))
}

fn within_limit(duration: Duration) -> Option<Duration> {
    (duration.as_secs() <= MAX_SECONDS).then_some(duration)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("250ms", Some(Duration::from_millis(250)))]
    #[case("25s", Some(Duration::from_secs(25)))]
    #[case("15m", Some(Duration::from_mins(15)))]
    #[case("6h", Some(Duration::from_hours(6)))]
    #[case("14d", Some(Duration::from_hours(14 * 24)))]
    #[case(" 25 s ", Some(Duration::from_secs(25)))]
    #[case("25", None)]
    #[case("s", None)]
    #[case("-1s", None)]
    #[case("1.5s", None)]
    #[case("401d", None)]
    #[case("99999999999999999999s", None)]
    fn a_duration_is_a_number_with_a_unit(#[case] text: &str, #[case] read: Option<Duration>) {
        assert_eq!(parse_duration(text), read);
    }
}
