//! Training materials in courses: tests, assignments and the like.

use super::super::table::events;

events! {
    area "Training materials";

    "lo.assignment.submission", "An assignment has been submitted" => LoAssignmentSubmission {
        submission_id: Id,
        creation_date: Moment,
        /// Under impersonation, the impersonated user.
        user_id: Id,
        lo_id: Id,
        lo_name: Text,
        name: Text,
        description: Text,
        course_id: Id,
        files: List,
    }

    "lo.assignment.submission.reset", "An assignment tracking has been reset" => LoAssignmentSubmissionReset {
        submission_id: Id,
        /// Under impersonation, the impersonated user.
        user_id: Id,
        lo_id: Id,
        lo_name: Text,
        name: Text,
        description: Text,
        creation_date: Moment,
        course_id: Id,
        files: List,
    }

    "lo.assignment.evaluation", "Assignment has been evaluated" => LoAssignmentEvaluation {
        submission_id: Id,
        /// Under impersonation, the impersonated user.
        user_id: Id,
        lo_id: Id,
        lo_name: Text,
        course_id: Id,
        /// From 0 to 100.
        score: Count,
        /// The instructor's remarks.
        comment: Text,
        allow_reupload: Flag,
        status: Any,
        /// The stored name of the instructor's report, not a link.
        url: Text,
        /// The name of the uploaded file.
        filename: Text,
        instructor_id: Id,
    }

    "course.trainingmaterial.created", "Training material has been created in a course" => CourseTrainingmaterialCreated {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        username: Text,
        course_id: Id,
        course_name: Text,
        training_material_name: Text,
        training_material_type: TrainingMaterialType,
        training_material_id: Id,
    }

    "course.trainingmaterial.updated", "Training material has been updated in a course" => CourseTrainingmaterialUpdated {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        username: Text,
        course_id: Id,
        course_name: Text,
        training_material_name: Text,
        training_material_type: TrainingMaterialType,
        training_material_id: Id,
        /// How many users have played it.
        user_play_count: Count,
    }

    "course.trainingmaterial.deleted", "Training material has been deleted from a course" => CourseTrainingmaterialDeleted {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        username: Text,
        course_id: Id,
        course_name: Text,
        training_material_name: Text,
        training_material_type: TrainingMaterialType,
        training_material_id: Id,
    }

    "trainingmaterial.playstatus.updated", "Training material status has changed" => TrainingmaterialPlaystatusUpdated {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        username: Text,
        course_id: Id,
        course_name: Text,
        course_type: CourseType,
        training_material_name: Text,
        training_material_type: TrainingMaterialType,
        training_material_id: Id,
        training_material_status: TrainingMaterialStatus,
    }
}
