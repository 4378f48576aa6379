//! How a command ends: an exit code, and for a failure one clear sentence with its way out.

use std::fmt;
use std::io;
use std::process::ExitCode;

/// The part of `--help` that documents the exit codes.
pub(crate) const EXIT_CODES_HELP: &str = "\
Exit codes:
  0  done; a check: eligible
  1  failed, or what was asked about is not well (exam check, reconcile, push --dry-run)
  2  wrong usage: unknown command, flag or value
  3  not found
  4  refused: invalid input or configuration, not allowed, or some lines of a file were refused
  5  the passback server or Redis cannot be reached
  6  a check: not eligible
  7  a check: unverified (Docebo could not be asked)
130  stopped at once by a second signal";

/// What the process tells its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All went well.
    Done = 0,
    /// Something failed.
    Failed = 1,
    /// The command line was not understood.
    Usage = 2,
    /// What was asked for is not there.
    NotFound = 3,
    /// The input was refused.
    Refused = 4,
    /// The server or Redis cannot be reached.
    Unavailable = 5,
    /// A check answered "not eligible".
    NotEligible = 6,
    /// A check could not be answered.
    Unverified = 7,
    /// A second signal stopped the process at once.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) exit: Exit,
    /// One sentence; empty where nobody is left to read it.
    pub(crate) sentence: String,
    /// More lines: field errors, explanations.
    pub(crate) details: Vec<String>,
    /// What to do about it.
    pub(crate) fixes: Vec<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, sentence: impl Into<String>) -> Self {
        Self {
            exit,
            sentence: sentence.into(),
            details: Vec::new(),
            fixes: Vec::new(),
        }
    }

    pub(crate) fn failed(sentence: impl Into<String>) -> Self {
        Self::new(Exit::Failed, sentence)
    }

    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Self::new(Exit::Usage, sentence)
    }

    pub(crate) fn refused(sentence: impl Into<String>) -> Self {
        Self::new(Exit::Refused, sentence)
    }

    pub(crate) fn unavailable(sentence: impl Into<String>) -> Self {
        Self::new(Exit::Unavailable, sentence)
    }

    #[must_use]
    pub(crate) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fixes.push(fix.into());
        self
    }

    #[must_use]
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// Whoever read our output has gone (`| head`): end without a word, for nothing went wrong.
    fn nobody_reads() -> Self {
        Self::new(Exit::Done, "")
    }

    /// The failure of a write to stdout.
    pub(crate) fn output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::nobody_reads();
        }
        Self::failed(format!("the output cannot be written: {error}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.sentence)?;
        for detail in &self.details {
            write!(f, "\n  {detail}")?;
        }
        for fix in &self.fixes {
            write!(f, "\nfix: {fix}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_sentence_with_its_way_out() {
        let failure = Failure::refused("the score is 120")
            .detail("/score_percent")
            .fix("write 0 to 100");
        assert_eq!(
            failure.to_string(),
            "error: the score is 120\n  /score_percent\nfix: write 0 to 100"
        );
    }

    #[test]
    fn a_reader_that_left_is_no_failure() {
        let failure = Failure::output(&io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!((failure.exit, failure.sentence.as_str()), (Exit::Done, ""));
    }

    #[test]
    fn every_exit_code_is_documented() {
        let all = [
            Exit::Done,
            Exit::Failed,
            Exit::Usage,
            Exit::NotFound,
            Exit::Refused,
            Exit::Unavailable,
            Exit::NotEligible,
            Exit::Unverified,
            Exit::Interrupted,
        ];
        for exit in all {
            let line = format!("{:>3}  ", exit as u8);
            assert!(EXIT_CODES_HELP.lines().any(|text| text.starts_with(&line)), "{exit:?}");
        }
    }
}
