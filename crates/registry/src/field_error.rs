//! What is wrong with a field that a person wrote, and what to write instead.

use std::fmt;

use serde::Serialize;

/// Letters that may differ before a name is no longer offered as the one meant.
const MAX_TYPO_DISTANCE: usize = 3;

/// One problem of one field; it never repeats a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The line of the file, counted from 1, where there is a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// What the field belongs to, for example `connector acme`.
    pub target: String,
    /// The field's name, for example `webhook.username`.
    pub field: String,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub fix: String,
}

impl FieldError {
    pub(crate) fn new(field: impl Into<String>, problem: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            line: None,
            target: String::new(),
            field: field.into(),
            problem: problem.into(),
            fix: fix.into(),
        }
    }

    pub(crate) fn at_line(mut self, line: usize) -> Self {
        self.line = self.line.or(Some(line));
        self
    }

    pub(crate) fn of(mut self, target: &str) -> Self {
        if self.target.is_empty() {
            target.clone_into(&mut self.target);
        }
        self
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(formatter, "line {line}: ")?;
        }
        for part in [&self.target, &self.field] {
            if !part.is_empty() {
                write!(formatter, "{part}: ")?;
            }
        }
        write!(formatter, "{}; {}", self.problem, self.fix)
    }
}

/// Everything that is wrong with one input, so that a person corrects it in one go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct FieldErrors(pub Vec<FieldError>);

impl fmt::Display for FieldErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str("\n")?;
            }
            error.fmt(formatter)?;
        }
        Ok(())
    }
}

impl std::error::Error for FieldErrors {}

impl From<FieldError> for FieldErrors {
    fn from(error: FieldError) -> Self {
        Self(vec![error])
    }
}

/// The known name that a misspelt one most likely means.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= MAX_TYPO_DISTANCE && *distance < candidate.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn distance(name: &str, candidate: &str) -> usize {
    // A name cut short (`user`) means the whole one, however much is missing.
    if name.len() >= MAX_TYPO_DISTANCE && candidate.starts_with(name) {
        1
    } else {
        strsim::damerau_levenshtein(name, candidate)
    }
}

/// The error for a name that nobody knows.
pub(crate) fn unknown_name(name: &str, known: &[&str]) -> FieldError {
    let fix = match nearest(name, known.iter().copied()) {
        Some(nearest) => format!("did you mean '{nearest}'?"),
        None => format!("use one of {}", known.join(", ")),
    };
    FieldError::new(name, "unknown field", fix)
}
