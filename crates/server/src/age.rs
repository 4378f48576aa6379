//! `?older_than=`: how long something has waited at least.

use std::time::Duration;

use crate::{length::length, problem::Fault};

/// The longest age that can be meant: nothing is kept for longer by default.
const MAX_AGE: Duration = Duration::from_hours(400 * 24);

/// Reads `90s`, `15m`, `24h` or `7d`.
pub(crate) fn parse(name: &str, text: &str) -> Result<Duration, Fault> {
    let age = length(text).ok().filter(|age| *age <= MAX_AGE);
    age.ok_or_else(|| Fault::of_parameter(name, "not an age up to 400 days", "use 90s, 15m, 24h or 7d"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("90s", Some(90))]
    #[case("15m", Some(900))]
    #[case("24h", Some(86_400))]
    #[case("7d", Some(604_800))]
    #[case("0s", Some(0))]
    #[case("400d", Some(34_560_000))]
    #[case("401d", None)]
    #[case("24", None)]
    #[case("h", None)]
    #[case("-1h", None)]
    #[case("", None)]
    #[case("7ü", None)]
    #[case("99999999999999999999d", None)]
    fn an_age_is_a_number_with_a_unit(#[case] text: &str, #[case] seconds: Option<u64>) {
        assert_eq!(parse("older_than", text).ok(), seconds.map(Duration::from_secs));
    }
}
