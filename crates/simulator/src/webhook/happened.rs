//! Which events a change is.

use crate::enrollment::Enrollment;
use crate::webhook::event::WebhookEvent;
use crate::world::{Course, User};

/// Says which event a write through the API is.
///
/// Completing a course is `completed` and not `updated`. A write that changes nothing is told as the
/// change it repeats, if the target wants it told at all.
pub(crate) fn by_call(before: &Enrollment, after: &Enrollment, echo_unchanged: bool) -> Option<WebhookEvent> {
    if before != after {
        return to_enrollment(Some(before), Some(after));
    }
    let repeated = if after.status == Enrollment::COMPLETED {
        WebhookEvent::EnrollmentCompleted
    } else {
        WebhookEvent::EnrollmentUpdated
    };
    echo_unchanged.then_some(repeated)
}

/// Says which event a change of an enrolment is.
pub(crate) fn to_enrollment(before: Option<&Enrollment>, after: Option<&Enrollment>) -> Option<WebhookEvent> {
    match (before, after) {
        (None, None) => None,
        (None, Some(_)) => Some(WebhookEvent::EnrollmentCreated),
        (Some(_), None) => Some(WebhookEvent::EnrollmentDeleted),
        (Some(before), Some(after)) if before == after => None,
        (Some(before), Some(after)) => {
            let completes = before.status != Enrollment::COMPLETED && after.status == Enrollment::COMPLETED;
            Some(if completes {
                WebhookEvent::EnrollmentCompleted
            } else {
                WebhookEvent::EnrollmentUpdated
            })
        }
    }
}

/// Says which events a change of a user is: a change of what is known, a change of whether the user may sign in, or both.
pub(crate) fn to_user(before: Option<&User>, after: Option<&User>) -> Vec<WebhookEvent> {
    match (before, after) {
        (None, None) => Vec::new(),
        (None, Some(_)) => vec![WebhookEvent::UserCreated],
        (Some(_), None) => vec![WebhookEvent::UserDeleted],
        (Some(before), Some(after)) => {
            let mut events = Vec::new();
            let known = |user: &User| User {
                active: true,
                ..user.clone()
            };
            if known(before) != known(after) {
                events.push(WebhookEvent::UserUpdated);
            }
            match (before.active, after.active) {
                (true, false) => events.push(WebhookEvent::UserDeactivated),
                (false, true) => events.push(WebhookEvent::UserReactivated),
                (true, true) | (false, false) => {}
            }
            events
        }
    }
}

/// Says which event a change of a course is; that a course is new is not told.
pub(crate) fn to_course(before: Option<&Course>, after: Option<&Course>) -> Option<WebhookEvent> {
    match (before, after) {
        (None, _) => None,
        (Some(_), None) => Some(WebhookEvent::CourseDeleted),
        (Some(before), Some(after)) => (before != after).then_some(WebhookEvent::CourseUpdated),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completing_is_completed_and_every_other_change_is_updated() {
        let subscribed = Enrollment::new(146, 7);
        let completed = subscribed.clone().with_status(Enrollment::COMPLETED);
        let scored = Enrollment {
            score: Some(87.0),
            ..completed.clone()
        };
        for (before, after, wanted) in [
            (&subscribed, &completed, WebhookEvent::EnrollmentCompleted),
            (&subscribed, &scored, WebhookEvent::EnrollmentCompleted),
            (&completed, &scored, WebhookEvent::EnrollmentUpdated),
            (&completed, &subscribed, WebhookEvent::EnrollmentUpdated),
        ] {
            assert_eq!(by_call(before, after, false), Some(wanted));
            assert_eq!(to_enrollment(Some(before), Some(after)), Some(wanted));
        }
    }

    #[test]
    fn a_write_that_changes_nothing_is_told_on_request() {
        let subscribed = Enrollment::new(146, 7);
        let completed = subscribed.clone().with_status(Enrollment::COMPLETED);
        assert_eq!(by_call(&completed, &completed, false), None);
        assert_eq!(
            by_call(&completed, &completed, true),
            Some(WebhookEvent::EnrollmentCompleted)
        );
        assert_eq!(
            by_call(&subscribed, &subscribed, true),
            Some(WebhookEvent::EnrollmentUpdated)
        );
        assert_eq!(to_enrollment(Some(&completed), Some(&completed)), None);
    }
}
