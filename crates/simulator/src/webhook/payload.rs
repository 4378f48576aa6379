//! The payload of each event, field by field as Docebo's event list has it.

use serde_json::{Map, Value, json};

use crate::clock::Moment;
use crate::enrollment::Enrollment;
use crate::webhook::event::WebhookEvent;
use crate::webhook::target::WebhookTarget;
use crate::world::{Course, User};

/// The administrator who enrols people by hand.
const ADMINISTRATOR: u64 = 12_301;

/// The fields that hold ids.
const IDS: [&str; 3] = ["user_id", "course_id", "subscribed_by_id"];

/// Builds the payload of an enrolment's event.
pub(crate) fn enrollment_changed(
    event: WebhookEvent,
    enrollment: &Enrollment,
    user: Option<&User>,
    course: Option<&Course>,
    target: &WebhookTarget,
    now: Moment,
) -> Value {
    let fired_at = now.docebo_text();
    let enrolled = enrollment.date_inscr.as_ref().unwrap_or(&fired_at);
    let mut fields = map(json!({
        "user_id": enrollment.user_id,
        "course_id": enrollment.course_id,
        "level": enrollment.level_word(),
        "enrollment_date": enrolled,
        "enrollment_date_begin_validity": enrollment.date_begin_validity,
        "enrollment_date_end_validity": enrollment.date_expire_validity,
        "fired_at": fired_at,
        "subscribed_by_id": ADMINISTRATOR,
        "status": status_word(enrollment.status),
    }));
    if event == WebhookEvent::EnrollmentCompleted {
        let completed = enrollment.date_complete.as_ref().unwrap_or(&fired_at);
        fields.insert("completion_date".to_owned(), json!(completed));
    }
    if [WebhookEvent::EnrollmentCreated, WebhookEvent::EnrollmentDeleted].contains(&event) {
        fields.insert("username".to_owned(), json!(user.map(username).unwrap_or_default()));
        let name = course.map(|course| course.name.as_str()).unwrap_or_default();
        fields.insert("course_name".to_owned(), json!(name));
    }
    if target.extra_data {
        let extra = if event == WebhookEvent::EnrollmentCompleted {
            json!({
                "total_time": 0,
                "score": enrollment.score.unwrap_or(0.0),
                "additional_fields": null,
                "date_first_access": enrollment.date_first_access,
            })
        } else {
            json!({})
        };
        fields.insert("extra_data".to_owned(), extra);
    }
    spelled(fields, target)
}

/// Builds the payload of a user's event.
pub(crate) fn user_changed(event: WebhookEvent, user: &User, target: &WebhookTarget, now: Moment) -> Value {
    let fired_at = now.docebo_text();
    if event == WebhookEvent::UserDeleted {
        // The user name is listed, but Docebo's own examples lack it.
        let fields = json!({"user_id": user.id, "deletion_date": fired_at, "fired_at": fired_at});
        return spelled(map(fields), target);
    }
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let mut fields = map(json!({
        "user_id": user.id,
        "username": username(user),
        "email": text(&user.email),
        "expiration_date": null,
        "level": "user",
        "firstname": text(&user.first_name),
        "lastname": text(&user.last_name),
        "fired_at": fired_at,
    }));
    let date = match event {
        WebhookEvent::UserCreated => "creation_date",
        WebhookEvent::UserDeactivated => "deactivation_date",
        WebhookEvent::UserReactivated => "reactivation_date",
        WebhookEvent::UserUpdated
        | WebhookEvent::UserDeleted
        | WebhookEvent::EnrollmentCreated
        | WebhookEvent::EnrollmentUpdated
        | WebhookEvent::EnrollmentCompleted
        | WebhookEvent::EnrollmentDeleted
        | WebhookEvent::CourseUpdated
        | WebhookEvent::CourseDeleted
        | WebhookEvent::ContentMarkedOutdated => "update_date",
    };
    fields.insert(date.to_owned(), json!(fired_at));
    if event == WebhookEvent::UserCreated {
        fields.insert("provisioned".to_owned(), Value::Null);
    }
    if target.extra_data && event != WebhookEvent::UserReactivated {
        fields.insert("extra_data".to_owned(), json!({}));
    }
    spelled(fields, target)
}

/// Builds the payload of a course's event.
pub(crate) fn course_changed(event: WebhookEvent, course: &Course, target: &WebhookTarget, now: Moment) -> Value {
    let fired_at = now.docebo_text();
    let mut fields = map(json!({
        "course_id": course.id,
        "name": course.name,
        "type": "elearning",
        "code": course.code,
        "fired_at": fired_at,
        "start_date": null,
        "end_date": null,
        "language": "english",
        "duration": 0,
    }));
    let deleted = event == WebhookEvent::CourseDeleted;
    let date = if deleted { "deletion_date" } else { "update_date" };
    fields.insert(date.to_owned(), json!(fired_at));
    if target.extra_data && !deleted {
        fields.insert("extra_data".to_owned(), json!({}));
    }
    spelled(fields, target)
}

/// Builds the payload of a report that a course is outdated.
pub(crate) fn course_outdated(
    course_id: u64,
    user_id: u64,
    reports: u64,
    target: &WebhookTarget,
    now: Moment,
) -> Value {
    let fields = json!({
        "fired_at": now.docebo_text(),
        "course_id": course_id,
        "user_id": user_id,
        "number_of_reports": reports,
    });
    spelled(map(fields), target)
}

fn map(fields: Value) -> Map<String, Value> {
    match fields {
        Value::Object(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}

/// Spells the ids as the target wishes.
fn spelled(mut fields: Map<String, Value>, target: &WebhookTarget) -> Value {
    if target.ids_as_strings {
        for name in IDS {
            if let Some(id) = fields.get_mut(name) {
                *id = Value::String(id.to_string());
            }
        }
    }
    Value::Object(fields)
}

/// The e-mail stands in for an empty user name, as in the search.
fn username(user: &User) -> &str {
    if user.username.is_empty() {
        &user.email
    } else {
        &user.username
    }
}

fn status_word(code: i8) -> &'static str {
    match code {
        -2 => "waiting",
        -1 => "to_confirm",
        1 => "in_progress",
        2 => "completed",
        3 => "suspended",
        4 => "overbooking",
        // A complaint refuses every other code but 0.
        _ => "subscribed",
    }
}
