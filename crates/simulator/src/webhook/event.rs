//! The events that the simulated platform tells of by itself.

use serde::{Deserialize, Serialize};

/// An event that something on the simulated platform fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum WebhookEvent {
    /// A user was enrolled in a course.
    #[serde(rename = "course.enrollment.created")]
    EnrollmentCreated,
    /// An enrolment was changed, other than by completing it.
    #[serde(rename = "course.enrollment.updated")]
    EnrollmentUpdated,
    /// A learner completed a course.
    #[serde(rename = "course.enrollment.completed")]
    EnrollmentCompleted,
    /// A user was taken out of a course.
    #[serde(rename = "course.enrollment.deleted")]
    EnrollmentDeleted,
    /// A user was created.
    #[serde(rename = "user.created")]
    UserCreated,
    /// A user's name or e-mail was changed.
    #[serde(rename = "user.updated")]
    UserUpdated,
    /// A user may no longer sign in.
    #[serde(rename = "user.deactivated")]
    UserDeactivated,
    /// A user may sign in again.
    #[serde(rename = "user.reactivated")]
    UserReactivated,
    /// A user was deleted.
    #[serde(rename = "user.deleted")]
    UserDeleted,
    /// A course's name or code was changed.
    #[serde(rename = "course.updated")]
    CourseUpdated,
    /// A course was deleted.
    #[serde(rename = "course.deleted")]
    CourseDeleted,
    /// A person reported a course as outdated.
    #[serde(rename = "content.markedoutdated")]
    ContentMarkedOutdated,
}

impl WebhookEvent {
    /// All of them, in the order of the areas.
    pub const ALL: [Self; 12] = [
        Self::EnrollmentCreated,
        Self::EnrollmentUpdated,
        Self::EnrollmentCompleted,
        Self::EnrollmentDeleted,
        Self::UserCreated,
        Self::UserUpdated,
        Self::UserDeactivated,
        Self::UserReactivated,
        Self::UserDeleted,
        Self::CourseUpdated,
        Self::CourseDeleted,
        Self::ContentMarkedOutdated,
    ];

    /// Returns the name as it stands in a message.
    pub fn name(self) -> &'static str {
        match self {
            Self::EnrollmentCreated => "course.enrollment.created",
            Self::EnrollmentUpdated => "course.enrollment.updated",
            Self::EnrollmentCompleted => "course.enrollment.completed",
            Self::EnrollmentDeleted => "course.enrollment.deleted",
            Self::UserCreated => "user.created",
            Self::UserUpdated => "user.updated",
            Self::UserDeactivated => "user.deactivated",
            Self::UserReactivated => "user.reactivated",
            Self::UserDeleted => "user.deleted",
            Self::CourseUpdated => "course.updated",
            Self::CourseDeleted => "course.deleted",
            Self::ContentMarkedOutdated => "content.markedoutdated",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_spelled_in_files_as_it_is_in_messages() {
        for event in WebhookEvent::ALL {
            assert_eq!(serde_json::to_value(event).unwrap(), event.name());
        }
    }
}
