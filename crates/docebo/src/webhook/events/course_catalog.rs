//! The catalogue of courses and learning plans.

use super::super::table::events;

events! {
    area "Course catalog";

    "catalog.course.deleted", "Course removed from catalog" => CatalogCourseDeleted {
        catalog_id: Id,
        course_id: Id,
    }

    "catalog.learningplan.deleted", "Learning plan removed from catalog" => CatalogLearningplanDeleted {
        catalog_id: Id,
        learning_plan_id: Id,
    }
}
