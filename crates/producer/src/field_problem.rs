//! What is wrong with one field of a request.

use std::fmt;

use serde::Serialize;

/// One field that cannot be accepted, and the way out. It never repeats what stood there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// The field as a JSON pointer, like `/score_percent`.
    pub field: String,
    /// What is wrong.
    pub problem: String,
    /// What to send instead.
    pub fix: String,
}

impl FieldProblem {
    /// Names a field, what is wrong with it and what to send instead.
    pub fn new(field: &str, problem: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            field: format!("/{field}"),
            problem: problem.into(),
            fix: fix.into(),
        }
    }
}

impl fmt::Display for FieldProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = self.field.trim_start_matches('/');
        write!(f, "{field}: {} ({})", self.problem, self.fix)
    }
}
