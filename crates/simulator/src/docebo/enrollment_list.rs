//! `GET /learn/v1/enrollments`: the list form.

use std::collections::HashSet;

use axum::body::Body;
use axum::extract::Query;
use axum::http::{Response, Uri};
use serde::Serialize;

use crate::docebo::listing::{Listing, Page};
use crate::docebo::wire;
use crate::enrollment::Enrollment;
use crate::request::Pair;
use crate::state::Platform;
use crate::world::Course;

/// What is asked for; no ids of a kind mean all of them.
#[derive(Default)]
struct ListQuery {
    courses: HashSet<u64>,
    users: HashSet<u64>,
    page: Option<usize>,
    page_size: Option<usize>,
}

/// One enrolment in the list: ids, status and level are strings there, and `id` is the course's.
#[derive(Serialize)]
struct Item {
    id: String,
    user_id: String,
    name: String,
    code: String,
    #[serde(rename = "type")]
    kind: &'static str,
    status: &'static str,
    level: &'static str,
    score: f64,
    course_complete_date: Option<String>,
    date_last_updated: Option<String>,
    can_enter: bool,
}

/// Answers one page of the enrolments in these courses of these users.
pub(super) fn list(platform: &Platform, uri: &Uri) -> Response<Body> {
    let query = match ListQuery::read(uri) {
        Ok(query) => query,
        Err(detail) => return wire::bad_request(&detail),
    };
    let page = Page::of(query.page, query.page_size);
    let state = platform.state();
    let found = state.enrollments_where(|pair| query.asks_for(pair));
    let items = found.iter().skip(page.skip()).take(page.size);
    let items = items
        .map(|enrollment| item(enrollment, state.course(enrollment.course_id)))
        .collect();
    let listing = Listing::new(items, found.len(), page, "id");
    drop(state);
    wire::success(listing)
}

impl ListQuery {
    /// Reads the query strictly: a filter that Docebo does not know would list everybody.
    fn read(uri: &Uri) -> Result<Self, String> {
        let Ok(Query(parameters)) = Query::<Vec<(String, String)>>::try_from_uri(uri) else {
            return Err("The query cannot be read.".to_owned());
        };
        let mut query = Self::default();
        for (name, value) in parameters {
            let not_a_number = |_| format!("{name} must be a number.");
            match name.as_str() {
                "id_course[]" => {
                    query.courses.insert(value.parse().map_err(not_a_number)?);
                }
                "id_user[]" => {
                    query.users.insert(value.parse().map_err(not_a_number)?);
                }
                "page" => query.page = Some(value.parse().map_err(not_a_number)?),
                "page_size" => query.page_size = Some(value.parse().map_err(not_a_number)?),
                _ => return Err(format!("{name} is not a parameter of this list.")),
            }
        }
        Ok(query)
    }

    fn asks_for(&self, pair: Pair) -> bool {
        let course = self.courses.is_empty() || self.courses.contains(&pair.course_id);
        let user = self.users.is_empty() || self.users.contains(&pair.user_id);
        course && user
    }
}

fn item(enrollment: &Enrollment, course: Option<&Course>) -> Item {
    Item {
        id: enrollment.course_id.to_string(),
        user_id: enrollment.user_id.to_string(),
        name: course.map(|course| course.name.clone()).unwrap_or_default(),
        code: course.map(|course| course.code.clone()).unwrap_or_default(),
        kind: "elearning",
        status: status_word(enrollment.status),
        level: enrollment.level_word(),
        score: enrollment.score.unwrap_or(0.0),
        course_complete_date: enrollment.date_complete.clone(),
        date_last_updated: enrollment.date_inscr.clone(),
        can_enter: enrollment.status != Enrollment::SUSPENDED,
    }
}

fn status_word(code: i8) -> &'static str {
    match code {
        -2 => "waiting_list",
        -1 => "to_confirm",
        1 => "in_progress",
        2 => "completed",
        3 => "suspended",
        4 => "overbooking",
        // A complaint refuses every other code but 0.
        _ => "subscribed",
    }
}
