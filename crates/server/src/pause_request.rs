//! What a person says to pause something: why, how, and until when.

use std::time::Duration;

use jiff::Timestamp;
use passback_queue::PauseMode;
use passback_registry::without_emails;
use serde::Deserialize;

use crate::{
    length::{LENGTH_FIX, NoLength, length},
    parameters::reason_in_body,
    problem::{Fault, Problem},
    time::rfc3339,
};

/// The longest that a pause with an end may last.
const MAX_PAUSE: Duration = Duration::from_hours(365 * 24);

/// A pause as it is asked for.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PauseRequest {
    reason: String,
    #[serde(default)]
    until: Option<String>,
    #[serde(default, rename = "for")]
    lasts: Option<String>,
    #[serde(default)]
    mode: Option<PauseMode>,
}

/// Why a pause is ended, or a worker drained.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasonRequest {
    reason: String,
}

/// A pause that can be made.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hold {
    pub(crate) mode: PauseMode,
    /// An address that somebody wrote into it is left out.
    pub(crate) reason: String,
    /// None means until somebody resumes.
    pub(crate) lasts: Option<Duration>,
    until_ms: Option<u64>,
}

impl Hold {
    /// The pause in the audit trail's words.
    pub(crate) fn detail(&self) -> String {
        let until = self.until_ms.map_or_else(|| "resumed".to_owned(), rfc3339);
        format!("{} until {until}", self.mode.as_str())
    }
}

impl PauseRequest {
    /// Checks every field, and says all that is wrong with them.
    pub(crate) fn checked(&self, now_ms: u64) -> Result<Hold, Problem> {
        let mut faults = Vec::new();
        let reason = reason_in_body(&self.reason).map_err(|fault| faults.push(fault));
        let lasts = self.length(now_ms).map_err(|fault| faults.push(fault));
        match (reason, lasts) {
            (Ok(reason), Ok(lasts)) => Ok(Hold {
                mode: self.mode.unwrap_or(PauseMode::Pause),
                reason: without_emails(&reason),
                lasts,
                until_ms: lasts.map(|lasts| now_ms.saturating_add(millis(lasts))),
            }),
            (Ok(_) | Err(()), Ok(_) | Err(())) => Err(Problem::invalid(faults)),
        }
    }

    fn length(&self, now_ms: u64) -> Result<Option<Duration>, Fault> {
        match (&self.until, &self.lasts) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => {
                let fix = "say either how long or until when";
                Err(Fault::at("/for", "given together with until", fix))
            }
            (Some(until), None) => length_until(until, now_ms).map(Some),
            (None, Some(lasts)) => length_of(lasts).map(Some),
        }
    }
}

impl ReasonRequest {
    /// The reason, without addresses that somebody wrote into it.
    pub(crate) fn checked(&self) -> Result<String, Problem> {
        let reason = reason_in_body(&self.reason).map_err(|fault| Problem::invalid(vec![fault]))?;
        Ok(without_emails(&reason))
    }

    /// The same as a drain without an end.
    pub(crate) fn drain(&self) -> Result<Hold, Problem> {
        Ok(Hold {
            mode: PauseMode::Drain,
            reason: self.checked()?,
            lasts: None,
            until_ms: None,
        })
    }
}

fn length_until(text: &str, now_ms: u64) -> Result<Duration, Fault> {
    let fix = "write a time with its zone, like 2026-11-22T18:00:00Z";
    let until: Timestamp = text.parse().map_err(|_| Fault::at("/until", "not a time", fix))?;
    let until_ms = u64::try_from(until.as_millisecond()).unwrap_or(0);
    if until_ms <= now_ms {
        return Err(Fault::at("/until", "in the past", "name a time to come"));
    }
    within_a_year(Duration::from_millis(until_ms - now_ms)).ok_or_else(|| too_long("/until"))
}

/// Reads `90s`, `30m`, `2h` or `7d`.
fn length_of(text: &str) -> Result<Duration, Fault> {
    match length(text.trim()) {
        Ok(Duration::ZERO) => Err(Fault::at("/for", "no time at all", LENGTH_FIX)),
        Ok(length) => within_a_year(length).ok_or_else(|| too_long("/for")),
        Err(NoLength::NotALength) => Err(Fault::at("/for", "not a length of time", LENGTH_FIX)),
        Err(NoLength::TooLong) => Err(too_long("/for")),
    }
}

fn within_a_year(length: Duration) -> Option<Duration> {
    (length <= MAX_PAUSE).then_some(length)
}

fn too_long(pointer: &str) -> Fault {
    let fix = "pause for a year at the longest, or leave it out to pause until somebody resumes";
    Fault::at(pointer, "longer than a year", fix)
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    const NOW_MS: u64 = 1_795_339_800_000;

    fn checked(body: Value) -> Result<Hold, Value> {
        let request: PauseRequest = serde_json::from_value(body).unwrap();
        request
            .checked(NOW_MS)
            .map_err(|problem| serde_json::to_value(problem.body(None)).unwrap()["errors"].clone())
    }

    #[rstest]
    #[case(json!({"for": "90s"}), Some(90))]
    #[case(json!({"for": "30m"}), Some(1_800))]
    #[case(json!({"for": " 2h "}), Some(7_200))]
    #[case(json!({"for": "365d"}), Some(31_536_000))]
    #[case(json!({"until": "2026-11-22T11:30:00+01:00"}), Some(3_600))]
    #[case(json!({"until": null, "for": null}), None)]
    #[case(json!({}), None)]
    fn a_pause_lasts_as_long_as_it_says(#[case] mut body: Value, #[case] seconds: Option<u64>) {
        body["reason"] = json!("asked by r.moreau@example.org");
        let hold = checked(body).unwrap();
        assert_eq!(hold.lasts, seconds.map(Duration::from_secs));
        assert_eq!(
            (hold.mode, hold.reason.as_str()),
            (PauseMode::Pause, "asked by [e-mail]")
        );
    }

    #[rstest]
    #[case(json!({"for": "2"}), "/for", "not a length of time")]
    #[case(json!({"for": "h"}), "/for", "not a length of time")]
    #[case(json!({"for": "-2h"}), "/for", "not a length of time")]
    #[case(json!({"for": "2 h"}), "/for", "not a length of time")]
    #[case(json!({"for": ""}), "/for", "not a length of time")]
    #[case(json!({"for": "0s"}), "/for", "no time at all")]
    #[case(json!({"for": "366d"}), "/for", "longer than a year")]
    #[case(json!({"for": "99999999999999999999d"}), "/for", "longer than a year")]
    #[case(json!({"for": "18446744073709551615d"}), "/for", "longer than a year")]
    #[case(json!({"until": "2026-11-22T09:30:00Z"}), "/until", "in the past")]
    #[case(json!({"until": "1970-01-01T00:00:00Z"}), "/until", "in the past")]
    #[case(json!({"until": "-000001-01-01T00:00:00Z"}), "/until", "in the past")]
    #[case(json!({"until": "2027-11-22T09:30:01Z"}), "/until", "longer than a year")]
    #[case(json!({"until": "2026-11-22T18:00:00"}), "/until", "not a time")]
    #[case(json!({"until": "tomorrow"}), "/until", "not a time")]
    #[case(json!({"until": "2026-11-23T00:00:00Z", "for": "1h"}), "/for", "given together with until")]
    #[case(json!({"reason": " "}), "/reason", "empty or too long")]
    fn what_is_wrong_is_named(#[case] mut body: Value, #[case] pointer: &str, #[case] problem: &str) {
        if body.get("reason").is_none() {
            body["reason"] = json!("audit");
        }
        let errors = checked(body).unwrap_err();
        assert_eq!(
            (errors[0]["pointer"].as_str(), errors[0]["problem"].as_str()),
            (Some(pointer), Some(problem)),
            "{errors}"
        );
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let errors = checked(json!({"reason": "", "for": "soon"})).unwrap_err();
        assert_eq!(errors.as_array().unwrap().len(), 2);
    }
}
