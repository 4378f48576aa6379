//! Enrolments in courses and in sessions.

use super::super::table::events;

events! {
    area "Enrollments";

    /// It names the user by id only: no user name, no e-mail address.
    "course.enrollment.updated", "Enrollment has been updated" => CourseEnrollmentUpdated {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        course_id: Id,
        status: Status,
        level: CourseLevel,
        enrollment_date: Moment,
        enrollment_date_begin_validity: Moment,
        enrollment_date_end_validity: End,
        /// Who enrolled the user; the user, if they enrolled themselves.
        subscribed_by_id: Id,
        /// Read its known fields with [`EnrollmentExtra`](crate::webhook::EnrollmentExtra).
        extra_data: Object,
    }

    "ilt.session.enrollment.updated", "ILT session enrollment updated" => IltSessionEnrollmentUpdated {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        course_id: Id,
        session_id: Id,
        session_name: Text,
        level: CourseLevel,
        enrollment_date: Moment,
        enrollment_date_begin_validity: Moment,
        enrollment_date_end_validity: End,
        /// Who enrolled the user; the user, if they enrolled themselves.
        subscribed_by_id: Id,
        status: Text,
        /// Sent only where additional data is switched on in the settings of the webhook.
        extra_data: Object,
    }

    /// It names the user by id only: no user name, no e-mail address.
    "course.enrollment.completed", "Learner completed course" => CourseEnrollmentCompleted {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        course_id: Id,
        /// May be a second before `fired_at`.
        completion_date: Moment,
        level: CourseLevel,
        /// Who enrolled the user; the user, if they enrolled themselves.
        subscribed_by_id: Id,
        status: Status,
        enrollment_date: Moment,
        enrollment_date_begin_validity: Moment,
        enrollment_date_end_validity: End,
        /// Read its known fields with [`EnrollmentExtra`](crate::webhook::EnrollmentExtra).
        extra_data: Object,
    }

    "ilt.session.enrollment.created", "User enrolled in ILT session" => IltSessionEnrollmentCreated {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        course_id: Id,
        session_id: Id,
        session_name: Text,
        level: CourseLevel,
        enrollment_date: Moment,
        enrollment_date_begin_validity: Moment,
        enrollment_date_end_validity: End,
        /// Who enrolled the user; the user, if they enrolled themselves.
        subscribed_by_id: Id,
        status: Text,
        /// Sent only where additional data is switched on in the settings of the webhook.
        extra_data: Object,
    }

    "course.enrollment.created", "User enrolled in a course" => CourseEnrollmentCreated {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        username: Text,
        course_id: Id,
        course_name: Text,
        level: CourseLevel,
        enrollment_date: Moment,
        enrollment_date_begin_validity: Moment,
        enrollment_date_end_validity: End,
        /// Who enrolled the user; the user, if they enrolled themselves.
        subscribed_by_id: Id,
        status: Status,
        /// Sent only where additional data is switched on in the settings of the webhook.
        extra_data: Object,
    }

    "course.enrollment.deleted", "User unenrolled from course" => CourseEnrollmentDeleted {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        username: Text,
        course_id: Id,
        course_name: Text,
        level: CourseLevel,
        enrollment_date: Moment,
        enrollment_date_begin_validity: Moment,
        enrollment_date_end_validity: End,
        /// Who enrolled the user; the user, if they enrolled themselves.
        subscribed_by_id: Id,
        status: Status,
        /// Sent only where additional data is switched on in the settings of the webhook.
        extra_data: Object,
    }

    "ilt.session.enrollment.deleted", "User unenrolled from an ILT session" => IltSessionEnrollmentDeleted {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        course_id: Id,
        session_id: Id,
        session_name: Text,
        level: CourseLevel,
        enrollment_date: Moment,
        enrollment_date_begin_validity: Moment,
        enrollment_date_end_validity: End,
        /// Who enrolled the user; the user, if they enrolled themselves.
        subscribed_by_id: Id,
        status: Text,
    }
}
