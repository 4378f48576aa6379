//! What is wrong with a configuration.

use crate::exit::Failure;

/// One thing that is wrong, and what to write instead. It never repeats a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) sentence: String,
    pub(crate) fix: String,
}

impl Problem {
    pub(crate) fn new(sentence: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            sentence: sentence.into(),
            fix: fix.into(),
        }
    }
}

/// Everything that is wrong, so that a person corrects it in one go.
#[derive(Debug)]
pub(crate) struct ConfigError {
    pub(crate) problems: Vec<Problem>,
}

impl From<Problem> for ConfigError {
    fn from(problem: Problem) -> Self {
        Self {
            problems: vec![problem],
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let mut problems = error.problems.into_iter();
        let Some(first) = problems.next() else {
            return Failure::refused("the configuration is not valid");
        };
        let rest: Vec<Problem> = problems.collect();
        if rest.is_empty() {
            return Failure::refused(first.sentence).fix(first.fix);
        }
        let all = std::iter::once(first).chain(rest);
        all.fold(
            Failure::refused("the configuration has several mistakes"),
            |failure, problem| failure.detail(format!("{}: {}", problem.sentence, problem.fix)),
        )
    }
}
