//! Additional fields of courses.

use super::super::table::events;

events! {
    area "Course additional fields";

    "courseadditionalfield.deleted", "Course additional field has been deleted" => CourseadditionalfieldDeleted {
        additional_field_id: Id,
        course_type: Text,
        r#type: Text,
        name: Text,
    }
}
