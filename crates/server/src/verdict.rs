//! What became of each line of a batch.

use passback_producer::Receipt;
use passback_queue::{JobId, Name};
use serde::Serialize;

use crate::{
    problem::{Problem, ProblemBody},
    results::status_word,
};

/// The longest id that is repeated in a refusal.
const MAX_ECHO_CHARS: usize = 128;

/// What became of one line.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = BatchVerdict)]
pub(crate) struct Verdict {
    line: u64,
    result_id: Option<String>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_id: Option<JobId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Box<ProblemBody>>,
}

impl Verdict {
    /// The verdict on a line that was a result.
    pub(crate) fn new(line: u64, result_id: &str, receipt: &Result<Receipt, Problem>) -> Self {
        let receipt = match receipt {
            Ok(receipt) => receipt,
            Err(problem) => return Self::refused(line, Some(result_id.to_owned()), problem),
        };
        Self {
            line,
            result_id: Some(result_id.to_owned()),
            status: status_word(receipt),
            job_id: Some(receipt.job_id()),
            code: None,
            problem: None,
        }
    }

    /// The verdict on a line that was not taken.
    pub(crate) fn refused(line: u64, result_id: Option<String>, problem: &Problem) -> Self {
        // An id that breaks the rules may be anything, so it does not come back.
        let result_id = result_id.filter(|id| id.len() <= MAX_ECHO_CHARS && Name::new(id.as_str()).is_ok());
        let code = Some(problem.code().as_str());
        Self {
            line,
            result_id,
            status: "refused",
            job_id: None,
            code,
            problem: Some(Box::new(problem.body(None))),
        }
    }

    /// Whether it says more than a code.
    pub(crate) fn is_explained(&self) -> bool {
        self.problem.is_some()
    }

    /// Leaves the code to speak for itself.
    pub(crate) fn leave_explanation(&mut self) {
        self.problem = None;
    }
}
