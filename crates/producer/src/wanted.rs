//! What an exam result wants an enrolment to be. Pure.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use passback_docebo::{EnrollmentStatus, EnrollmentUpdate};
use passback_registry::{Exam, OnOutcome, ResultField};

use crate::{Holding, Outcome, PushJob};

/// What to write; what is none stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The status.
    pub status: Option<EnrollmentStatus>,
    /// The score in whole per cent.
    pub score: Option<u8>,
    /// When the course was completed, in UTC.
    pub completed_at: Option<DateTime>,
    /// The enrolment field for the outcome's text, and that text.
    pub field: Option<(u64, String)>,
}

impl Wanted {
    /// What a result wants by the exam's policy.
    pub fn by(job: &PushJob, exam: &Exam) -> Self {
        Self::of(job.outcome, job.score_percent, job.completed_at, exam)
    }

    /// What a result of this outcome, score and time wants by the exam's policy.
    pub fn of(outcome: Outcome, score_percent: Option<f64>, completed_at: Timestamp, exam: &Exam) -> Self {
        let (status, with_score) = match outcome {
            Outcome::Passed => (Some(EnrollmentStatus::Completed), true),
            Outcome::Failed => (status_of(exam.on_failed), exam.write_score_on_failed),
            Outcome::NonGraded => (status_of(exam.on_non_graded), exam.write_score_on_non_graded),
        };
        let completes = status == Some(EnrollmentStatus::Completed);
        let field = exam.result_field.as_ref();
        Self {
            status,
            score: score_percent.filter(|_| with_score).and_then(rounded),
            completed_at: completes.then(|| whole_seconds(completed_at)),
            field: field.map(|field| (field.id, text_for(outcome, field).to_owned())),
        }
    }

    /// Whether there is nothing to write.
    pub fn is_nothing(&self) -> bool {
        self.status.is_none() && self.score.is_none() && self.field.is_none()
    }

    /// Whether an enrolment is as wanted. A date or a field that Docebo does not show is not held against it.
    pub fn is_met_by(&self, holding: &Holding) -> bool {
        self.holding().is_held_by(holding)
    }

    /// The values alone, as a holding that says nothing of the rest.
    pub fn holding(&self) -> Holding {
        Holding {
            status: self.status.as_ref().map(|status| status.as_str().to_owned()),
            score: self.score.map(f64::from),
            completed_at: self.completed_at.map(Holding::date),
            field: self.field.as_ref().map(|(_, text)| text.clone()),
            field_id: self.field.as_ref().map(|(id, _)| *id),
        }
    }

    /// The write that makes it so.
    pub fn update(self) -> EnrollmentUpdate {
        EnrollmentUpdate {
            status: self.status,
            score_given: self.score,
            date_complete: self.completed_at,
            enrollment_fields: self
                .field
                .map(|(id, text)| (id.to_string(), text))
                .into_iter()
                .collect(),
        }
    }
}

fn text_for(outcome: Outcome, field: &ResultField) -> &str {
    match outcome {
        Outcome::Passed => &field.passed,
        Outcome::Failed => &field.failed,
        Outcome::NonGraded => &field.non_graded,
    }
}

fn status_of(wish: OnOutcome) -> Option<EnrollmentStatus> {
    match wish {
        OnOutcome::Completed => Some(EnrollmentStatus::Completed),
        OnOutcome::InProgress => Some(EnrollmentStatus::InProgress),
        OnOutcome::Subscribed => Some(EnrollmentStatus::Subscribed),
        OnOutcome::Suspended => Some(EnrollmentStatus::Suspended),
        OnOutcome::Unchanged => None,
    }
}

/// Docebo takes whole per cent: half a per cent rounds up.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a whole number from 0 to 100 by the range check"
)]
fn rounded(score: f64) -> Option<u8> {
    let whole = (score + 0.5).floor();
    (0.0..=100.0).contains(&whole).then_some(whole as u8)
}

/// Docebo's dates have no fractions of a second.
fn whole_seconds(at: Timestamp) -> DateTime {
    let at = Timestamp::from_second(at.as_second()).unwrap_or(at);
    at.to_zoned(TimeZone::UTC).datetime()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use passback_docebo::EnrollmentStatus;
    use passback_queue::Name;
    use passback_registry::{EligibleState, Exam, OnOutcome, ResultField, VersionPolicy};
    use rstest::rstest;

    use super::Wanted;
    use crate::{Holding, Outcome, PushJob};

    fn exam() -> Exam {
        Exam {
            id: "forklift-01".parse().unwrap(),
            name: None,
            connector: "acme".parse().unwrap(),
            course_id: 146,
            on_failed: OnOutcome::InProgress,
            on_non_graded: OnOutcome::Unchanged,
            write_score_on_failed: true,
            write_score_on_non_graded: false,
            version_policy: VersionPolicy::PassSticky,
            check_deadline_seconds: 20,
            eligible_states: vec![EligibleState::Subscribed, EligibleState::InProgress],
            result_field: None,
            created_at: jiff::Timestamp::UNIX_EPOCH,
            updated_at: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    fn result(outcome: Outcome, score_percent: Option<f64>) -> PushJob {
        PushJob {
            result_id: Name::new("r-1").unwrap(),
            exam_id: "forklift-01".parse().unwrap(),
            email: "r.moreau@example.org".to_owned(),
            outcome,
            score_percent,
            completed_at: "2026-11-20T23:30:11.412-02:00".parse().unwrap(),
            sequence: None,
            stand_in: None,
        }
    }

    fn holding(status: &EnrollmentStatus, score: Option<f64>) -> Holding {
        Holding {
            status: Some(status.as_str().to_owned()),
            score,
            ..Holding::default()
        }
    }

    #[rstest]
    #[case(87.0, 87)]
    #[case(86.5, 87)]
    #[case(86.49, 86)]
    #[case(0.0, 0)]
    #[case(99.5, 100)]
    #[case(100.0, 100)]
    fn a_pass_completes_with_its_rounded_score_and_its_date_in_utc(#[case] score: f64, #[case] written: u8) {
        let update = Wanted::by(&result(Outcome::Passed, Some(score)), &exam()).update();
        assert_eq!(update.status, Some(EnrollmentStatus::Completed));
        assert_eq!(update.score_given, Some(written));
        assert_eq!(update.date_complete, Some(date(2026, 11, 21).at(1, 30, 11, 0)));
    }

    #[rstest]
    #[case(OnOutcome::Completed, Some(EnrollmentStatus::Completed), true)]
    #[case(OnOutcome::InProgress, Some(EnrollmentStatus::InProgress), false)]
    #[case(OnOutcome::Subscribed, Some(EnrollmentStatus::Subscribed), false)]
    #[case(OnOutcome::Suspended, Some(EnrollmentStatus::Suspended), false)]
    #[case(OnOutcome::Unchanged, None, false)]
    fn a_fail_writes_what_the_exam_says(
        #[case] on_failed: OnOutcome,
        #[case] status: Option<EnrollmentStatus>,
        #[case] dated: bool,
    ) {
        let exam = Exam { on_failed, ..exam() };
        let update = Wanted::by(&result(Outcome::Failed, Some(41.0)), &exam).update();
        assert_eq!(update.status, status);
        assert_eq!(update.score_given, Some(41));
        assert_eq!(update.date_complete.is_some(), dated);
    }

    #[test]
    fn a_result_that_changes_nothing_wants_nothing() {
        assert!(Wanted::by(&result(Outcome::NonGraded, Some(50.0)), &exam()).is_nothing());
        let scored = Exam {
            write_score_on_non_graded: true,
            ..exam()
        };
        assert!(!Wanted::by(&result(Outcome::NonGraded, Some(50.0)), &scored).is_nothing());
        assert!(Wanted::by(&result(Outcome::NonGraded, None), &scored).is_nothing());
    }

    #[test]
    fn an_outcome_s_text_goes_to_the_exam_s_field() {
        let field = ResultField {
            id: 12,
            passed: "Bestanden".to_owned(),
            failed: "failed".to_owned(),
            non_graded: "non_graded".to_owned(),
        };
        let exam = Exam {
            result_field: Some(field),
            ..exam()
        };
        let wanted = Wanted::by(&result(Outcome::NonGraded, None), &exam);
        assert!(!wanted.is_nothing());
        assert_eq!(wanted.update().enrollment_fields["12"], "non_graded");
        let wanted = Wanted::by(&result(Outcome::Passed, Some(87.0)), &exam);
        let shown = |text: Option<&str>| Holding {
            field: text.map(str::to_owned),
            field_id: text.map(|_| 12),
            ..holding(&EnrollmentStatus::Completed, Some(87.0))
        };
        assert!(wanted.is_met_by(&shown(Some("Bestanden"))));
        assert!(wanted.is_met_by(&shown(None)));
        assert!(!wanted.is_met_by(&shown(Some("failed"))));
    }

    #[test]
    fn an_enrolment_meets_the_wish_only_in_status_score_and_date() {
        let wanted = Wanted::by(&result(Outcome::Passed, Some(87.0)), &exam());
        let completed = holding(&EnrollmentStatus::Completed, Some(87.0));
        assert!(wanted.is_met_by(&completed));
        assert!(!wanted.is_met_by(&holding(&EnrollmentStatus::InProgress, Some(87.0))));
        assert!(!wanted.is_met_by(&holding(&EnrollmentStatus::Completed, Some(86.0))));
        assert!(!wanted.is_met_by(&holding(&EnrollmentStatus::Completed, None)));
        let dated = |day| Holding {
            completed_at: Some(Holding::date(date(2026, 11, day).at(1, 30, 11, 0))),
            ..completed.clone()
        };
        assert!(wanted.is_met_by(&dated(21)));
        assert!(!wanted.is_met_by(&dated(20)));
    }
}
