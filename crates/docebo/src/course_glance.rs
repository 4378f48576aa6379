//! Reads what the list of enrolments tells about a course.

use serde_json::Value;

use crate::ids::CourseId;
use crate::lenient;

const NAME: [&str; 2] = ["name", "course_name"];
const COURSE_ID: [&str; 3] = ["course_id", "id_course", "id"];
const MAX_NAME_CHARS: usize = 200;

/// What one row of a course's enrolments tells about the course.
///
/// A course that nobody is enrolled in looks like one that does not exist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CourseGlance {
    /// The course's name, if Docebo shows it.
    pub name: Option<String>,
    /// Whether somebody is seen in the course.
    pub enrolled_seen: bool,
}

impl CourseGlance {
    /// Reads one page of the list. Rows of other courses count for nothing: Docebo may not know the filter.
    pub(crate) fn decode(answer: &Value, course: CourseId) -> Result<Self, String> {
        if lenient::is_error(answer) {
            return Err("an error under a success".to_owned());
        }
        let data = lenient::unwrapped(answer);
        if data.is_null() || data.as_array().is_some_and(Vec::is_empty) {
            return Ok(Self::default());
        }
        let items = data.get("items").ok_or("there is no `items`")?;
        let rows = lenient::rows(items).ok_or("`items` is not a list")?;
        if rows.iter().any(|row| !row.is_object()) {
            return Err("a row of `items` is not an object".to_owned());
        }
        let row = rows.into_iter().find(|row| is_of(row, course));
        Ok(Self {
            name: row.and_then(name),
            enrolled_seen: row.is_some(),
        })
    }
}

/// A row that names no course is believed to be of the one that was asked for.
fn is_of(row: &Value, course: CourseId) -> bool {
    let named = COURSE_ID.iter().find_map(|name| lenient::id(row.get(name)?));
    named.is_none_or(|id| id == course.0)
}

/// The name as a line may show it.
fn name(row: &Value) -> Option<String> {
    let text = NAME.iter().find_map(|name| row.get(name)?.as_str())?;
    let shown = text.trim().chars().filter(|char| !char.is_control());
    let name: String = shown.take(MAX_NAME_CHARS).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::{CourseGlance, MAX_NAME_CHARS};
    use crate::any_json::any_json;
    use crate::ids::CourseId;

    fn glance(answer: &Value) -> Result<CourseGlance, String> {
        CourseGlance::decode(answer, CourseId(146))
    }

    #[rstest]
    #[case(json!({"data": {"items": [{"id": "146", "name": "Forklift exam", "user_id": "13827", "status": "subscribed"}]}}))]
    #[case(json!({"data": {"items": [{"course_id": 146, "course_name": " Forklift exam ", "id": 9}]}}))]
    #[case(json!({"items": {"3": {"id_course": 146.0, "name": "Forklift\u{7} exam"}}}))]
    #[case(json!({"data": {"items": [{"name": "Forklift exam"}]}}))]
    #[case(json!({"data": {"items": [{"id": 7, "name": "Another"}, {"id": 146, "name": "Forklift exam"}]}}))]
    fn a_row_of_the_course_names_it(#[case] answer: Value) {
        let seen = CourseGlance {
            name: Some("Forklift exam".to_owned()),
            enrolled_seen: true,
        };
        assert_eq!(glance(&answer), Ok(seen));
    }

    #[rstest]
    #[case(json!({"data": {"items": [{"id": 146}]}}))]
    #[case(json!({"data": {"items": [{"id": 146, "name": " "}]}}))]
    #[case(json!({"data": {"items": [{"id": 146, "name": 7}]}}))]
    fn a_row_without_a_name_still_shows_that_somebody_is_enrolled(#[case] answer: Value) {
        let seen = CourseGlance {
            name: None,
            enrolled_seen: true,
        };
        assert_eq!(glance(&answer), Ok(seen));
    }

    #[rstest]
    #[case(json!({"data": {"items": []}}))]
    #[case(json!({"data": {"items": null}}))]
    #[case(json!({"data": []}))]
    #[case(json!(null))]
    #[case(json!({"data": {"items": [{"id": 147, "name": "Another"}]}}))]
    fn no_row_of_the_course_shows_nobody(#[case] answer: Value) {
        assert_eq!(glance(&answer), Ok(CourseGlance::default()));
    }

    #[rstest]
    #[case(json!({"data": {"records": []}}))]
    #[case(json!({"data": null, "name": "Forbidden"}))]
    #[case(json!({"data": {"items": "none"}}))]
    #[case(json!({"data": {"items": [7]}}))]
    #[case(json!("hello"))]
    fn another_shape_is_an_error_and_not_a_guess(#[case] answer: Value) {
        assert!(glance(&answer).is_err());
    }

    #[test]
    fn a_long_name_is_cut() {
        let answer = json!({"data": {"items": [{"id": 146, "name": "x".repeat(MAX_NAME_CHARS + 1)}]}});
        let name = glance(&answer).unwrap().name.unwrap();
        assert_eq!(name.len(), MAX_NAME_CHARS);
    }

    proptest! {
        #[test]
        fn any_json_is_a_glance_or_an_error(value in any_json()) {
            let _ = glance(&value);
            let _ = glance(&json!({"data": {"items": [value]}}));
        }
    }
}
