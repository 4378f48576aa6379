//! What a check of an exam's set-up shows. No e-mail in it.

use jiff::Timestamp;
use passback_docebo::Error;
use passback_registry::{ConnectorId, Exam, ExamId};
use serde::Serialize;

use crate::{Code, failure_code, public_time};

/// What was found out about an exam's set-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExamCheck {
    /// The exam.
    pub exam_id: ExamId,
    /// Its connector.
    pub connector: ConnectorId,
    /// Its Docebo course.
    pub course_id: u64,
    /// Whether nothing was found to be wrong.
    pub ok: bool,
    /// What was tried, in order.
    pub steps: Vec<SetUpStep>,
    /// What no call shows, and a person must look at.
    pub by_hand: Vec<HandCheck>,
    /// Calls to Docebo that it took.
    pub calls: usize,
    /// When it was found out.
    #[serde(serialize_with = "public_time::serialize")]
    pub checked_at: Timestamp,
}

/// The steps of a set-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StepName {
    /// The connector's entry.
    Connector,
    /// The connector's credentials.
    Credentials,
    /// The rights of its account.
    Rights,
    /// The exam's course.
    Course,
    /// The candidate's user.
    User,
    /// The candidate's enrolment.
    Enrollment,
}

impl StepName {
    /// The steps that ask Docebo.
    pub(crate) fn after_connector(with_candidate: bool) -> impl Iterator<Item = Self> {
        let steps = [
            Self::Credentials,
            Self::Rights,
            Self::Course,
            Self::User,
            Self::Enrollment,
        ];
        steps.into_iter().take(if with_candidate { 5 } else { 3 })
    }
}

/// One step and what it showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetUpStep {
    /// Which.
    pub step: StepName,
    /// Whether it is as it should be; none where that cannot be said.
    pub ok: Option<bool>,
    /// The catalogue's code for what is wrong.
    pub code: Option<Code>,
    /// What was found.
    pub detail: String,
    /// How it is put right.
    pub resolution: &'static [&'static str],
}

impl SetUpStep {
    pub(crate) fn fine(step: StepName, detail: String) -> Self {
        Self {
            step,
            ok: Some(true),
            code: None,
            detail,
            resolution: &[],
        }
    }

    pub(crate) fn wrong(step: StepName, code: Code, detail: String) -> Self {
        Self {
            step,
            ok: Some(false),
            code: Some(code),
            detail,
            resolution: code.entry().resolution,
        }
    }

    pub(crate) fn failed(step: StepName, error: &Error) -> Self {
        Self::wrong(step, failure_code(&error.failure), error.to_string())
    }

    pub(crate) fn unclear(step: StepName) -> Self {
        Self {
            ok: None,
            ..Self::fine(step, String::new())
        }
    }

    pub(crate) fn untried(step: StepName) -> Self {
        Self {
            detail: "not tried, since a step before it failed".to_owned(),
            ..Self::unclear(step)
        }
    }
}

/// Something that no call shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HandCheck {
    /// What must be so.
    pub what: String,
    /// How to look.
    pub how: String,
}

/// What a person must look at for this exam.
pub(crate) fn by_hand(exam: &Exam) -> Vec<HandCheck> {
    let course = exam.course_id;
    let field = exam.result_field.as_ref().map(|field| field.id);
    let items = [
        Some((
            "The account may write enrolments.".to_owned(),
            "Reading does not show it. Hand in a result for a test user, and look at it with passback result show."
                .to_owned(),
        )),
        Some((
            format!("Course {course} is in a catalogue that the connector's account sees."),
            "In Docebo, look whether the account is an assigned user of a catalogue that lists the course.".to_owned(),
        )),
        Some((
            format!("Course {course} holds an assignment with the exam's deep link."),
            "In Docebo, open the course's training material and follow the link as a learner.".to_owned(),
        )),
        Some((
            "The end-object marker of that assignment is not \"No\".".to_owned(),
            "In Docebo, look at the assignment's settings: with \"No\" the course may close before the result arrives."
                .to_owned(),
        )),
        field.map(|id| {
            (
                format!("The enrolment field {id} is there and takes a free text."),
                "In Docebo, look at the additional enrolment fields of the course.".to_owned(),
            )
        }),
    ];
    let items = items.into_iter().flatten();
    items.map(|(what, how)| HandCheck { what, how }).collect()
}
