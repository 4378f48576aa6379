//! How long a caller stays on the line: `?wait=8s`, or the header `Prefer: wait=8` (RFC 7240).
//!
//! The parameter is ours: it is refused if it cannot be understood, and wins over the header. A preference is a wish:
//! one that is unknown, malformed or longer than can be is no error, and the answer says which wait was applied.

use std::time::Duration;

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue},
    response::Response,
};

use passback_registry::TokenId;

use crate::{
    auth::{self, Identity},
    parameters::Parameters,
    places::Place,
    problem::{Fault, Problem},
    state::App,
};

const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
/// The most preferences that are looked at.
const MAX_PREFERENCES: usize = 32;

/// The longest that a caller may wait in one request.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// How long to wait for an answer, if at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wait {
    pub(crate) time: Option<Duration>,
    /// Whether it was preferred, and so is to be confirmed.
    preferred: bool,
}

impl Wait {
    /// What a request says of waiting.
    pub(crate) fn of(parameters: &Parameters, headers: &HeaderMap) -> Result<Self, Problem> {
        if let Some(text) = parameters.text("wait") {
            let time = parse(text).map_err(|fault| Problem::invalid(vec![fault]))?;
            return Ok(Self {
                time: Some(time),
                preferred: false,
            });
        }
        let time = preferred(headers);
        Ok(Self {
            time,
            preferred: time.is_some(),
        })
    }

    /// Refuses a token that came to its end while its bearer waited; nothing that came since is for it.
    pub(crate) async fn recheck(self, app: &App, identity: &Identity) -> Result<(), Problem> {
        if self.time.is_none() {
            return Ok(());
        }
        auth::recheck(app, identity).await
    }

    /// Confirms the preference that was applied.
    pub(crate) fn confirm(self, mut response: Response) -> Response {
        let time = self.time.filter(|_| self.preferred);
        let value = time.and_then(|time| HeaderValue::from_str(&format!("wait={}", time.as_secs())).ok());
        if let Some(value) = value {
            response.headers_mut().insert(PREFERENCE_APPLIED, value);
        }
        response
    }
}

/// A place to wait in; none where the caller, or all together, have as many as they may, and the answer comes at once.
pub(crate) fn place(app: &App, identity: &Identity) -> Option<Place<TokenId>> {
    app.waiters.take(&identity.id, "requests waiting").ok()
}

/// The wait that a caller prefers, cut to the longest that there is; the first one counts if there are several.
fn preferred(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    let preferences = values.flat_map(outside_quotes).take(MAX_PREFERENCES);
    let wait = preferences
        .filter_map(|preference| preference.split(';').next())
        .filter_map(|preference| preference.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("wait"));
    let (_, seconds) = wait?;
    let seconds = seconds.trim().trim_matches('"');
    if seconds.is_empty() || !seconds.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // More than fits is longer than the longest, too.
    let seconds = seconds.parse().unwrap_or(u64::MAX);
    Some(Duration::from_secs(seconds).min(MAX_WAIT))
}

/// The parts between commas, but for commas in quotes.
fn outside_quotes(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |letter| {
        quoted ^= letter == '"';
        letter == ',' && !quoted
    })
}

/// Reads `8s`, `500ms` or `8`.
fn parse(text: &str) -> Result<Duration, Fault> {
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

    #[rstest]
    #[case(&["wait=8"], Some(8))]
    #[case(&["WAIT = 8"], Some(8))]
    #[case(&["respond-async, wait=8; x=1"], Some(8))]
    #[case(&["respond-async", "wait=8"], Some(8))]
    #[case(&["x=\"wait=1,wait=2\", wait=8"], Some(8))]
    #[case::quoted(&["wait=\"8\""], Some(8))]
    #[case::the_first_counts(&["wait=8, wait=9"], Some(8))]
    #[case::cut(&["wait=31"], Some(30))]
    #[case::cut_however_long(&["wait=99999999999999999999"], Some(30))]
    #[case::malformed(&["wait=8s"], None)]
    #[case::malformed_first(&["wait=soon, wait=8"], None)]
    #[case::negative(&["wait=-1"], None)]
    #[case::without_value(&["wait"], None)]
    #[case::empty(&["wait="], None)]
    #[case::another(&["return=minimal"], None)]
    #[case::none(&[], None)]
    fn a_preference_is_followed_if_it_can_be_and_passed_over_if_not(
        #[case] values: &[&str],
        #[case] wait: Option<u64>,
    ) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(PREFER, HeaderValue::from_str(value).unwrap());
        }
        assert_eq!(preferred(&headers), wait.map(Duration::from_secs));
    }
}
