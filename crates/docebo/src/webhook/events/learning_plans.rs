//! Learning plans, their courses and enrolments.

use super::super::table::events;

events! {
    area "Learning plans";

    "learningplan.course.added", "Admin added a course to a learning plan" => LearningplanCourseAdded {
        learning_plan_id: Id,
        course_id: Id,
        course_name: Text,
    }

    "learningplan.created", "Admin created a learning plan" => LearningplanCreated {
        learning_plan_id: Id,
        name: Text,
        code: Text,
        creation_date: Moment,
        /// Sent only where additional data is switched on in the settings of the webhook.
        extra_data: Object,
    }

    "learningplan.deleted", "Admin deleted a learning plan" => LearningplanDeleted {
        learning_plan_id: Id,
        name: Text,
        code: Text,
        deletion_date: Moment,
    }

    "learningplan.course.removed", "Admin removed a course from a learning plan" => LearningplanCourseRemoved {
        learning_plan_id: Id,
        course_id: Id,
    }

    "learningplan.updated", "Admin updated a learning plan" => LearningplanUpdated {
        learning_plan_id: Id,
        name: Text,
        code: Text,
        update_date: Moment,
        /// Sent only where additional data is switched on in the settings of the webhook.
        extra_data: Object,
    }

    "learningplan.enrollment.created", "Learning plan enrollment created" => LearningplanEnrollmentCreated {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        username: Text,
        learning_plan_id: Id,
        /// The plan's title.
        learning_plan_name: Text,
        learning_plan_code: Text,
        enrollment_date: Moment,
        /// Who enrolled the user; the user, if they enrolled themselves.
        subscribed_by_id: Id,
        enrollment_date_begin_validity: Moment,
        enrollment_date_end_validity: End,
        /// Sent only where additional data is switched on in the settings of the webhook.
        extra_data: Object,
    }

    "learningplan.enrollment.deleted", "Learning plan enrollment deleted" => LearningplanEnrollmentDeleted {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        username: Text,
        learning_plan_id: Id,
    }
}
