//! The central repository of training materials.

use super::super::table::events;

events! {
    area "Central repository";

    "tmrepo.course.trainingmaterial.added", "Training material pushed to course" => TmrepoCourseTrainingmaterialAdded {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        username: Text,
        course_id: Id,
        course_name: Text,
        course_type: CourseType,
        training_material_name: Text,
        training_material_type: TrainingMaterialType,
        training_material_id: Id,
        training_material_version_id: Id,
        training_material_version_name: Text,
    }

    "tmrepo.course.trainingmaterial.removed", "Training material removed from course" => TmrepoCourseTrainingmaterialRemoved {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        username: Text,
        course_id: Id,
        course_name: Text,
        course_type: CourseType,
        training_material_name: Text,
        training_material_type: TrainingMaterialType,
        training_material_id: Id,
        training_material_version_id: Id,
        training_material_version_name: Text,
        /// How many users have played it.
        user_play_count: Count,
    }

    "tmrepo.trainingmaterial.updated", "Training material updated material" => TmrepoTrainingmaterialUpdated {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        username: Text,
        training_material_name: Text,
        training_material_type: TrainingMaterialType,
        training_material_id: Id,
        assigned_courses_count: Count,
        versions_count: Count,
        /// How many users have played it.
        users_play_count: Count,
    }
}
