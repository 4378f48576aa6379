//! How long a new token lives.

use std::{str::FromStr, time::Duration};

use jiff::Timestamp;

use crate::length::{LENGTH_FIX, length};

const MIN_LIFE: Duration = Duration::from_mins(1);
const MAX_LIFE: Duration = Duration::from_hours(3_650 * 24);

/// How long a new token lives: a minute to ten years, written like `90d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenLife(Duration);

/// The text is no life of a token.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidTokenLife {
    /// It is no length of time.
    #[error("not a length of time: {LENGTH_FIX}")]
    NotALength,
    /// It is too short or too long.
    #[error(
        "a token lives a minute at least and ten years at most: write 90d, or leave it out for a token without an end"
    )]
    OutOfBounds,
}

impl TokenLife {
    /// The end of a token that is made now.
    pub fn end(self, now: Timestamp) -> Timestamp {
        now.checked_add(self.0).unwrap_or(Timestamp::MAX)
    }

    /// The life of a token that is made now and ends then.
    pub(crate) fn until(end: Timestamp, now: Timestamp) -> Result<Self, InvalidTokenLife> {
        let life = Duration::try_from(end.duration_since(now)).map_err(|_| InvalidTokenLife::OutOfBounds)?;
        Self::within_bounds(life)
    }

    fn within_bounds(life: Duration) -> Result<Self, InvalidTokenLife> {
        if (MIN_LIFE..=MAX_LIFE).contains(&life) {
            Ok(Self(life))
        } else {
            Err(InvalidTokenLife::OutOfBounds)
        }
    }
}

impl FromStr for TokenLife {
    type Err = InvalidTokenLife;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let life = length(text.trim()).map_err(|wrong| match wrong {
            crate::length::NoLength::NotALength => InvalidTokenLife::NotALength,
            crate::length::NoLength::TooLong => InvalidTokenLife::OutOfBounds,
        })?;
        Self::within_bounds(life)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("60s", Ok(60))]
    #[case("90d", Ok(90 * 86_400))]
    #[case("3650d", Ok(3_650 * 86_400))]
    #[case("59s", Err(InvalidTokenLife::OutOfBounds))]
    #[case("3651d", Err(InvalidTokenLife::OutOfBounds))]
    #[case("99999999999999999999d", Err(InvalidTokenLife::OutOfBounds))]
    #[case("90", Err(InvalidTokenLife::NotALength))]
    #[case("forever", Err(InvalidTokenLife::NotALength))]
    fn a_life_is_a_minute_to_ten_years(#[case] text: &str, #[case] seconds: Result<u64, InvalidTokenLife>) {
        assert_eq!(
            text.parse(),
            seconds.map(|seconds| TokenLife(Duration::from_secs(seconds)))
        );
    }
}
