//! An exam's entry, with what each outcome would write.

use jiff::Timestamp;
use passback_docebo::EnrollmentStatus;
use passback_registry::Exam;
use serde::Serialize;

use crate::{ExamWarning, Outcome, Wanted};

/// A score to try an exam's policy with; any would do.
const SOME_SCORE: f64 = 50.0;

/// An exam's entry, with what each outcome would write.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExamView {
    /// The entry.
    #[serde(flatten)]
    pub exam: Exam,
    /// What each outcome would write.
    pub writes: OutcomeWrites,
    /// What stands in its way, or soon may.
    pub warnings: Vec<ExamWarning>,
}

/// What each outcome would write.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OutcomeWrites {
    /// A pass.
    pub passed: Writes,
    /// A fail.
    pub failed: Writes,
    /// A result without a grade.
    pub non_graded: Writes,
}

/// What one outcome writes to the enrolment.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Writes {
    /// The status, or `unchanged`.
    pub status: String,
    /// Whether the score is written: in whole per cent, half a per cent rounded up.
    pub score: bool,
    /// Whether the date of completion is written.
    pub completion_date: bool,
    /// The enrolment field that gets a text.
    pub field: Option<FieldText>,
    /// All of that, for people.
    pub sentence: String,
}

/// A text for an enrolment field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldText {
    /// Docebo's number of the field.
    pub id: u64,
    /// The text.
    pub text: String,
}

impl From<Exam> for ExamView {
    fn from(exam: Exam) -> Self {
        let writes = OutcomeWrites {
            passed: Writes::of(Outcome::Passed, &exam),
            failed: Writes::of(Outcome::Failed, &exam),
            non_graded: Writes::of(Outcome::NonGraded, &exam),
        };
        Self {
            exam,
            writes,
            warnings: Vec::new(),
        }
    }
}

impl Writes {
    /// What an outcome writes; found out from the very function that writes.
    fn of(outcome: Outcome, exam: &Exam) -> Self {
        let wanted = Wanted::of(outcome, Some(SOME_SCORE), Timestamp::UNIX_EPOCH, exam);
        Self {
            sentence: sentence(outcome, &wanted),
            status: status(&wanted).unwrap_or("unchanged").to_owned(),
            score: wanted.score.is_some(),
            completion_date: wanted.completed_at.is_some(),
            field: wanted.field.map(|(id, text)| FieldText { id, text }),
        }
    }
}

fn status(wanted: &Wanted) -> Option<&str> {
    wanted.status.as_ref().map(EnrollmentStatus::as_str)
}

fn sentence(outcome: Outcome, wanted: &Wanted) -> String {
    let who = match outcome {
        Outcome::Passed => "A pass",
        Outcome::Failed => "A fail",
        Outcome::NonGraded => "A result without a grade",
    };
    let field = wanted.field.as_ref();
    let parts = [
        status(wanted).map(|status| format!("sets the status to {status}")),
        wanted.score.map(|_| "writes the score in whole per cent".to_owned()),
        wanted.completed_at.map(|_| "writes the date of completion".to_owned()),
        field.map(|(id, text)| format!("puts \"{text}\" into the enrolment field {id}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    match parts.split_last() {
        None => format!("{who} writes nothing."),
        Some((last, [])) => format!("{who} {last}, and nothing else."),
        Some((last, before)) => format!("{who} {}, and {last}.", before.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use passback_registry::{ExamInput, ResultField};
    use serde_json::json;

    use super::*;

    fn exam() -> Exam {
        let input = ExamInput {
            id: Some("forklift-01".to_owned()),
            connector: Some("acme".to_owned()),
            course_id: Some(146),
            on_failed: Some("in_progress".to_owned()),
            on_non_graded: Some("unchanged".to_owned()),
            ..ExamInput::default()
        };
        input.validate().unwrap()
    }

    #[test]
    fn each_outcome_says_what_it_would_write() {
        let view = ExamView::from(exam());
        let sentences = [
            &view.writes.passed.sentence,
            &view.writes.failed.sentence,
            &view.writes.non_graded.sentence,
        ];
        assert_eq!(
            sentences,
            [
                "A pass sets the status to completed, writes the score in whole per cent, and writes the date of \
                 completion.",
                "A fail sets the status to in_progress, and writes the score in whole per cent.",
                "A result without a grade writes nothing.",
            ]
        );
        let shown = serde_json::to_value(&view).unwrap();
        assert_eq!(shown["id"], "forklift-01");
        let non_graded = &shown["writes"]["non_graded"];
        assert_eq!(
            (&non_graded["status"], &non_graded["score"]),
            (&json!("unchanged"), &json!(false))
        );
    }

    #[test]
    fn a_field_s_text_is_named_for_its_outcome() {
        let field = ResultField {
            id: 12,
            passed: "yes".to_owned(),
            failed: "no".to_owned(),
            non_graded: "seen".to_owned(),
        };
        let view = ExamView::from(Exam {
            result_field: Some(field),
            ..exam()
        });
        let seen = Some(FieldText {
            id: 12,
            text: "seen".to_owned(),
        });
        assert_eq!(view.writes.non_graded.field, seen);
        let sentence = "A result without a grade puts \"seen\" into the enrolment field 12, and nothing else.";
        assert_eq!(view.writes.non_graded.sentence, sentence);
    }
}
