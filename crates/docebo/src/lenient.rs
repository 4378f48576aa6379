//! Reads JSON as PHP writes it: numbers as strings, empty maps as `[]`, unset dates as zeros.
//!
//! Each function answers `None` for a value of another form, so that the caller names what was wrong.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, time};
use jiff::tz::Offset;
use serde_json::Value;

/// What is inside the `data` wrapper, or the whole answer when there is none.
pub(crate) fn unwrapped(answer: &Value) -> &Value {
    answer.get("data").unwrap_or(answer)
}

/// Whether an answer is an error of Docebo's form, whatever its status: a name or message where data should be.
pub(crate) fn is_error(answer: &Value) -> bool {
    let data = answer.get("data");
    let without_data = data.is_none_or(|data| data.is_null() || data.as_array().is_some_and(Vec::is_empty));
    let says = |name| {
        answer
            .get(name)
            .and_then(Value::as_str)
            .is_some_and(|text| !text.trim().is_empty())
    };
    without_data && (says("name") || says("message"))
}

/// Whether a value says nothing: null, `""`, `[]`, `{}`, or only such values inside.
pub(crate) fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.iter().all(is_blank),
        Value::Object(fields) => fields.values().all(is_blank),
    }
}

/// A list's rows. PHP writes a list with gaps as an object, and an empty map as an empty list.
pub(crate) fn rows(value: &Value) -> Option<Vec<&Value>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::Array(items) => Some(items.iter().collect()),
        Value::Object(fields) => fields
            .keys()
            .all(|key| key.bytes().all(|b| b.is_ascii_digit()))
            .then(|| fields.values().collect()),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// A whole number: `146`, `146.0`, `"146"`.
pub(crate) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| whole(text.parse().ok()?))
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// An id: a whole number that is not negative.
pub(crate) fn id(value: &Value) -> Option<u64> {
    u64::try_from(integer(value)?).ok()
}

/// A finite number, whole or not: `87`, `87.5`, `"87.5"`.
pub(crate) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    number.filter(|number| number.is_finite())
}

/// A yes or no: `true`, `1`, `"1"`, `"true"`.
pub(crate) fn flag(value: &Value) -> Option<bool> {
    if let Value::Bool(flag) = value {
        return Some(*flag);
    }
    match integer(value) {
        Some(0) => Some(false),
        Some(1) => Some(true),
        Some(_) => None,
        None => match value.as_str()?.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" => Some(true),
            "false" | "no" => Some(false),
            _ => None,
        },
    }
}

/// Which moment a date without a time means.
#[derive(Debug, Clone, Copy)]
pub(crate) enum DayPart {
    /// The first second of the day.
    Start,
    /// The last second of the day: an end date includes its day.
    End,
}

/// A value that is neither a date nor unset.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoDate;

/// A moment in UTC that may be unset.
pub(crate) fn moment(value: &Value, day_part: DayPart) -> Result<Option<DateTime>, NoDate> {
    if is_blank(value) {
        return Ok(None);
    }
    if let Some(seconds) = value.as_i64() {
        return match seconds {
            0 => Ok(None),
            _ => Timestamp::from_second(seconds)
                .map(|timestamp| Some(in_utc(timestamp)))
                .map_err(|_| NoDate),
        };
    }
    let text = value.as_str().ok_or(NoDate)?.trim();
    if text.starts_with("0000-00-00") {
        return Ok(None);
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Ok(Some(in_utc(timestamp)));
    }
    if let Some(date) = date_alone(text) {
        let clock = match day_part {
            DayPart::Start => time(0, 0, 0, 0),
            DayPart::End => time(23, 59, 59, 0),
        };
        return Ok(Some(date.to_datetime(clock)));
    }
    text.parse().map(Some).map_err(|_| NoDate)
}

fn date_alone(text: &str) -> Option<Date> {
    (text.len() == "2026-11-22".len()).then(|| text.parse().ok())?
}

fn in_utc(timestamp: Timestamp) -> DateTime {
    Offset::UTC.to_datetime(timestamp)
}

fn whole(number: f64) -> Option<i64> {
    // By way of text, because a cast would round or saturate silently.
    (number.fract() == 0.0).then(|| format!("{number:.0}").parse().ok())?
}

#[cfg(test)]
mod tests {
    use jiff::civil::{DateTime, date};
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::{DayPart, NoDate, flag, id, integer, is_blank, moment, number, rows};

    #[rstest]
    #[case(json!(146), Some(146))]
    #[case(json!("146"), Some(146))]
    #[case(json!(" 146 "), Some(146))]
    #[case(json!(146.0), Some(146))]
    #[case(json!("146.0"), Some(146))]
    #[case(json!(-2), Some(-2))]
    #[case(json!("-2"), Some(-2))]
    #[case(json!(1.5), None)]
    #[case(json!(1e300), None)]
    #[case(json!("completed"), None)]
    #[case(json!(""), None)]
    #[case(json!(true), None)]
    #[case(json!(null), None)]
    fn a_whole_number_is_read_in_every_form(#[case] value: Value, #[case] expected: Option<i64>) {
        assert_eq!(integer(&value), expected);
        assert_eq!(id(&value), expected.and_then(|number| u64::try_from(number).ok()));
    }

    #[rstest]
    #[case(json!(87), Some(87.0))]
    #[case(json!(87.5), Some(87.5))]
    #[case(json!("87.5"), Some(87.5))]
    #[case(json!("NaN"), None)]
    #[case(json!("inf"), None)]
    #[case(json!([]), None)]
    fn a_number_is_read_in_every_form(#[case] value: Value, #[case] expected: Option<f64>) {
        assert_eq!(number(&value), expected);
    }

    #[rstest]
    #[case(json!(true), Some(true))]
    #[case(json!("1"), Some(true))]
    #[case(json!(0), Some(false))]
    #[case(json!("False"), Some(false))]
    #[case(json!(7), None)]
    #[case(json!("maybe"), None)]
    #[case(json!(null), None)]
    fn a_flag_is_read_in_every_form(#[case] value: Value, #[case] expected: Option<bool>) {
        assert_eq!(flag(&value), expected);
    }

    #[rstest]
    #[case(json!(null), Ok(None))]
    #[case(json!(""), Ok(None))]
    #[case(json!([]), Ok(None))]
    #[case(json!(0), Ok(None))]
    #[case(json!("0000-00-00 00:00:00"), Ok(None))]
    #[case(json!("0000-00-00"), Ok(None))]
    #[case(json!("2026-02-11 09:30:11"), Ok(Some(date(2026, 2, 11).at(9, 30, 11, 0))))]
    #[case(json!("2026-02-11T09:30:11"), Ok(Some(date(2026, 2, 11).at(9, 30, 11, 0))))]
    #[case(json!("2026-02-11T09:30:11Z"), Ok(Some(date(2026, 2, 11).at(9, 30, 11, 0))))]
    #[case(json!("2026-02-11T09:30:11+02:00"), Ok(Some(date(2026, 2, 11).at(7, 30, 11, 0))))]
    #[case(json!(1_770_802_211), Ok(Some(date(2026, 2, 11).at(9, 30, 11, 0))))]
    #[case(json!("2026-02-11"), Ok(Some(date(2026, 2, 11).at(23, 59, 59, 0))))]
    #[case(json!("yesterday"), Err(NoDate))]
    #[case(json!(true), Err(NoDate))]
    fn a_moment_is_read_in_every_form(#[case] value: Value, #[case] expected: Result<Option<DateTime>, NoDate>) {
        assert_eq!(moment(&value, DayPart::End), expected);
    }

    #[test]
    fn a_date_alone_begins_or_ends_its_day() {
        let day = json!("2026-02-11");
        assert_eq!(moment(&day, DayPart::Start), Ok(Some(date(2026, 2, 11).at(0, 0, 0, 0))));
        assert_eq!(
            moment(&day, DayPart::End),
            Ok(Some(date(2026, 2, 11).at(23, 59, 59, 0)))
        );
    }

    #[rstest]
    #[case(json!({"invalid_enrollments": [], "validation_errors": [{"ids": [{"messages": []}]}]}), true)]
    #[case(json!({"invalid_enrollments": [{"course_id": 146}]}), false)]
    #[case(json!(0), false)]
    #[case(json!(" "), true)]
    fn nested_nothing_is_blank(#[case] value: Value, #[case] expected: bool) {
        assert_eq!(is_blank(&value), expected);
    }

    #[rstest]
    #[case(json!([{"a": 1}, {"a": 2}]), Some(2))]
    #[case(json!({"0": {"a": 1}, "2": {"a": 2}}), Some(2))]
    #[case(json!({}), Some(0))]
    #[case(json!(null), Some(0))]
    #[case(json!({"user_id": 1}), None)]
    #[case(json!("no"), None)]
    fn a_list_is_read_in_every_form(#[case] value: Value, #[case] expected: Option<usize>) {
        assert_eq!(rows(&value).map(|rows| rows.len()), expected);
    }
}
