//! Courses: made, changed, deleted, rated, outdated.

use super::super::table::events;

events! {
    area "Courses";

    "course.created", "Course created" => CourseCreated {
        course_id: Id,
        name: Text,
        r#type: CourseType,
        code: Text,
        creation_date: Moment,
        start_date: Day,
        end_date: Day,
        /// A name such as `english`, not an ISO code.
        language: Text,
        /// In seconds; 0 is likely where none is set.
        duration: Count,
        /// Sent only where additional data is switched on in the settings of the webhook.
        extra_data: Object,
    }

    "course.deleted", "Course deleted" => CourseDeleted {
        course_id: Id,
        name: Text,
        r#type: CourseType,
        code: Text,
        deletion_date: Moment,
        start_date: Day,
        end_date: Day,
        /// A name such as `english`, not an ISO code.
        language: Text,
        /// In seconds; 0 is likely where none is set.
        duration: Count,
    }

    "course.updated", "Course properties have been changed" => CourseUpdated {
        course_id: Id,
        name: Text,
        r#type: CourseType,
        code: Text,
        update_date: Moment,
        start_date: Day,
        end_date: Day,
        /// A name such as `english`, not an ISO code.
        language: Text,
        /// In seconds; 0 is likely where none is set.
        duration: Count,
        /// Sent only where additional data is switched on in the settings of the webhook.
        extra_data: Object,
    }

    "content.markedoutdated", "The course has been marked as outdated" => ContentMarkedoutdated {
        course_id: Id,
        /// Under impersonation, the impersonated user.
        user_id: Id,
        /// How many users have reported it.
        number_of_reports: Count,
    }

    "course.rating.updated", "User has rated a Course" => CourseRatingUpdated {
        course_id: Id,
        /// Under impersonation, the impersonated user.
        user_id: Id,
        /// In stars, 1 to 5.
        user_rating: Count,
        /// A number, perhaps with decimals, perhaps as a text.
        average_rating: Any,
        number_of_votes: Count,
    }
}
