//! Lengths of time as people write them: `90s`, `30m`, `2h`, `7d`.

use std::time::Duration;

/// What to write instead of what is no length.
pub(crate) const LENGTH_FIX: &str = "write a whole number with its unit: 90s, 30m, 2h or 7d";

/// Why a text is no length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoLength {
    /// It is no number with a unit.
    NotALength,
    /// It is more than can be counted.
    TooLong,
}

/// Reads a whole number with its unit.
pub(crate) fn length(text: &str) -> Result<Duration, NoLength> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit_s: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(NoLength::NotALength),
    };
    if number.is_empty() {
        return Err(NoLength::NotALength);
    }
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit_s));
    seconds.map(Duration::from_secs).ok_or(NoLength::TooLong)
}
