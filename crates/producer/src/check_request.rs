//! A question of the exam engine: may this candidate sit this exam?

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{CheckJob, FieldProblem, field_rules};

/// May this candidate sit this exam?
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CheckRequest {
    /// The exam.
    pub exam_id: String,
    /// The candidate's e-mail.
    pub email: String,
}

impl fmt::Debug for CheckRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckRequest")
            .field("exam_id", &self.exam_id)
            .finish_non_exhaustive()
    }
}

impl CheckRequest {
    /// Checks every field and names all that is wrong.
    pub fn validate(&self) -> Result<CheckJob, Vec<FieldProblem>> {
        let mut problems = Vec::new();
        let exam_id = field_rules::exam_id(&self.exam_id, &mut problems);
        let email = field_rules::email(&self.email, &mut problems);
        match (exam_id, email) {
            (Some(exam_id), Some(email)) => Ok(CheckJob { exam_id, email }),
            (Some(_) | None, None) | (None, Some(_)) => Err(problems),
        }
    }
}
