//! Times as everyone sees them: RFC 3339, UTC, milliseconds where there are any.

use jiff::Timestamp;
use serde::{Serializer, ser::Error};

/// Serialises a time for an answer, like `2026-11-22T09:30:11.412Z` or `2026-11-22T09:30:11Z`.
pub(crate) fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    if at.subsec_nanosecond() == 0 {
        serializer.collect_str(&format_args!("{at:.0}"))
    } else {
        serializer.collect_str(&format_args!("{at:.3}"))
    }
}

/// The same for a time that may be missing.
pub(crate) mod option {
    use super::{Serializer, Timestamp};

    #[expect(clippy::ref_option, reason = "serde's serialize_with passes a reference")]
    pub(crate) fn serialize<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => super::serialize(at, serializer),
            None => serializer.serialize_none(),
        }
    }
}

/// Serialises a percentage as people write it: 87, not 87.0.
#[expect(clippy::ref_option, reason = "serde's serialize_with passes a reference")]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a whole number from 0 to 100"
)]
pub(crate) fn percent<S: Serializer>(score: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match *score {
        None => serializer.serialize_none(),
        Some(score) if !score.is_finite() => Err(S::Error::custom("a score that is no number")),
        Some(score) if score.fract() == 0.0 && (0.0..=100.0).contains(&score) => serializer.serialize_u8(score as u8),
        Some(score) => serializer.serialize_f64(score),
    }
}

/// A time in milliseconds, as the queue counts it; what lies outside the calendar becomes its nearest end.
pub(crate) fn from_ms(unix_ms: u64) -> Timestamp {
    i64::try_from(unix_ms)
        .ok()
        .and_then(|unix_ms| Timestamp::from_millisecond(unix_ms).ok())
        .unwrap_or(Timestamp::MAX)
}

/// A time inside a sentence: RFC 3339, UTC, whole seconds.
pub(crate) fn shown(at: Timestamp) -> String {
    format!("{at:.0}")
}
