//! What must come of two results of one person, said a second time and in other words than the code under test.

use passback_producer::{ExamResult, Outcome};
use passback_registry::VersionPolicy;
use passback_simulator::Enrollment;

/// How an exam ended, with a mark of its own on the enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Fail41,
    Pass87,
    Pass93,
    NonGraded,
}

impl Mark {
    pub(crate) const ALL: [Self; 4] = [Self::Fail41, Self::Pass87, Self::Pass93, Self::NonGraded];

    pub(crate) fn passed(self) -> bool {
        matches!(self, Self::Pass87 | Self::Pass93)
    }

    pub(crate) fn outcome(self) -> Outcome {
        match self {
            Self::Fail41 => Outcome::Failed,
            Self::Pass87 | Self::Pass93 => Outcome::Passed,
            Self::NonGraded => Outcome::NonGraded,
        }
    }

    /// The score; a result without one is worse than any with one.
    pub(crate) fn score(self) -> Option<u8> {
        match self {
            Self::Fail41 => Some(41),
            Self::Pass87 => Some(87),
            Self::Pass93 => Some(93),
            Self::NonGraded => None,
        }
    }
}

/// A result: how the exam ended, and in which hour of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sitting {
    pub(crate) mark: Mark,
    pub(crate) hour: u8,
}

impl Sitting {
    pub(crate) fn result(self, result_id: String, exam_id: String, email: String) -> ExamResult {
        ExamResult {
            result_id,
            exam_id,
            email,
            outcome: self.mark.outcome().into(),
            score_percent: self.mark.score().map(f64::from),
            completed_at: format!("2026-11-20T{:02}:00:00Z", self.hour),
            sequence: None,
        }
    }

    /// Whether this one counts and not the other.
    pub(crate) fn beats(self, other: Self, policy: VersionPolicy) -> bool {
        let newer = self.hour > other.hour;
        let only_one_passed = self.mark.passed() != other.mark.passed();
        match policy {
            VersionPolicy::PassSticky | VersionPolicy::Best if only_one_passed => self.mark.passed(),
            VersionPolicy::Best if self.mark.score() != other.mark.score() => self.mark.score() > other.mark.score(),
            VersionPolicy::Latest | VersionPolicy::PassSticky | VersionPolicy::Best => newer,
        }
    }
}

/// What of an enrolment results change.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Slate {
    pub(crate) status: i8,
    pub(crate) score: Option<f64>,
    pub(crate) date: Option<String>,
}

impl Slate {
    pub(crate) fn of(enrollment: &Enrollment) -> Self {
        Self {
            status: enrollment.status,
            score: enrollment.score,
            date: enrollment.date_complete.clone(),
        }
    }

    pub(crate) fn clean() -> Self {
        Self {
            status: Enrollment::SUBSCRIBED,
            score: None,
            date: None,
        }
    }

    /// The slate with a result on it: failed is in progress with its score, non-graded is suspended without one.
    pub(crate) fn with(&self, sitting: Sitting) -> Self {
        let (status, date) = match sitting.mark {
            Mark::Fail41 => (Enrollment::IN_PROGRESS, None),
            Mark::NonGraded => (Enrollment::SUSPENDED, None),
            Mark::Pass87 | Mark::Pass93 => (
                Enrollment::COMPLETED,
                Some(format!("2026-11-20 {:02}:00:00", sitting.hour)),
            ),
        };
        Self {
            status,
            score: sitting.mark.score().map(f64::from).or(self.score),
            date: date.or_else(|| self.date.clone()),
        }
    }
}
