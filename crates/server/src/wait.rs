//! `?wait=`: how long a caller stays on the line.

use std::time::Duration;

use crate::problem::Fault;

/// The longest that a caller may wait in one request.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// Reads `8s`, `500ms` or `8`.
pub(crate) fn parse(text: &str) -> Result<Duration, Fault> {
    let (digits, unit_ms) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(digits), _) => (digits, 1),
        (None, Some(digits)) => (digits, 1_000),
        (None, None) => (text, 1_000),
    };
    let number = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse::<u64>().ok())
        .flatten();
    let wait = number
        .and_then(|number| number.checked_mul(unit_ms))
        .map(Duration::from_millis);
    match wait {
        Some(wait) if wait <= MAX_WAIT => Ok(wait),
        Some(_) => Err(Fault::of_parameter(
            "wait",
            "longer than 30 s",
            "wait up to 30s, then ask again",
        )),
        None => Err(Fault::of_parameter(
            "wait",
            "not a duration",
            "use 8s, 500ms or 8 (seconds)",
        )),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("8s", Some(8_000))]
    #[case("500ms", Some(500))]
    #[case("8", Some(8_000))]
    #[case("0", Some(0))]
    #[case("30s", Some(30_000))]
    #[case("31s", None)]
    #[case("30001ms", None)]
    #[case("99999999999999999999s", None)]
    #[case("18446744073709551615", None)]
    #[case("", None)]
    #[case("s", None)]
    #[case("-1", None)]
    #[case("+1", None)]
    #[case("8m", None)]
    fn a_wait_is_seconds_or_milliseconds_up_to_half_a_minute(#[case] text: &str, #[case] wait_ms: Option<u64>) {
        assert_eq!(parse(text).ok(), wait_ms.map(Duration::from_millis));
    }
}
