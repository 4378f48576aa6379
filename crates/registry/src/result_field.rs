//! An enrolment field that says in words how an exam went.

use serde::{Deserialize, Serialize};

/// An additional enrolment field of Docebo that gets a text for each outcome; its own status knows no "failed".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResultField {
    /// Docebo's number of the field.
    pub id: u64,
    /// The text that a pass writes.
    pub passed: String,
    /// The text that a fail writes.
    pub failed: String,
    /// The text that a result without a grade writes.
    pub non_graded: String,
}
