//! Exams as people and programs write them, before they are believed.
//!
//! The file (`apply -f`) and the API fill the same fields, and both pass through the same `validate`.

use jiff::Timestamp;
use serde::Deserialize;

use crate::eligible_state::{EligibleState, default_states};
use crate::exam::{Exam, OnOutcome, VersionPolicy};
use crate::field_check::FieldCheck;
use crate::field_error::FieldErrors;
use crate::id::{ConnectorId, ExamId};
use crate::result_field::ResultField;

const CHECK_DEADLINE_SECONDS: (u32, u32, u32) = (1, 20, 120);

/// An exam as written; every field may be missing until it is validated.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of `Exam`")]
pub struct ExamInput {
    pub id: Option<String>,
    pub name: Option<String>,
    pub connector: Option<String>,
    #[serde(default, deserialize_with = "crate::whole_number::deserialize")]
    pub course_id: Option<i64>,
    pub on_failed: Option<String>,
    pub on_non_graded: Option<String>,
    pub write_score_on_failed: Option<bool>,
    pub write_score_on_non_graded: Option<bool>,
    pub version_policy: Option<String>,
    #[serde(default, deserialize_with = "crate::whole_number::deserialize")]
    pub check_deadline_seconds: Option<i64>,
    pub eligible_states: Option<Vec<String>>,
    pub result_field: Option<ResultFieldInput>,
}

/// An enrolment field and its texts, as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of `ResultField`")]
pub struct ResultFieldInput {
    #[serde(default, deserialize_with = "crate::whole_number::deserialize")]
    pub id: Option<i64>,
    pub passed: Option<String>,
    pub failed: Option<String>,
    pub non_graded: Option<String>,
}

impl ExamInput {
    /// Checks every field and says all that is wrong; whether the connector exists is the registry's to say.
    pub fn validate(&self) -> Result<Exam, FieldErrors> {
        let outcomes = OnOutcome::ALL.map(|outcome| (outcome.as_str(), outcome));
        let policies = VersionPolicy::ALL.map(|policy| (policy.as_str(), policy));
        let mut check = FieldCheck::new("exam", self.id.as_deref());
        let id = check.id::<ExamId>("id", self.id.as_deref());
        let name = check.optional_text("name", self.name.as_deref());
        let connector = check.id::<ConnectorId>("connector", self.connector.as_deref());
        let course_id = check.docebo_id("course_id", self.course_id, "course");
        let on_failed = check.choice("on_failed", self.on_failed.as_deref(), OnOutcome::InProgress, &outcomes);
        let on_non_graded = check.choice(
            "on_non_graded",
            self.on_non_graded.as_deref(),
            OnOutcome::Unchanged,
            &outcomes,
        );
        let version_policy = check.choice(
            "version_policy",
            self.version_policy.as_deref(),
            VersionPolicy::default(),
            &policies,
        );
        let check_deadline_seconds = check.number(
            "check_deadline_seconds",
            self.check_deadline_seconds,
            CHECK_DEADLINE_SECONDS,
        );
        let eligible_states = self.eligible_states(&mut check);
        let result_field = self.result_field.as_ref().map(|input| input.check(&mut check));
        let errors = check.finish();
        let (true, Some(id), Some(connector), Some(course_id)) = (errors.0.is_empty(), id, connector, course_id) else {
            return Err(errors);
        };
        Ok(Exam {
            id,
            name: name.map(str::to_owned),
            connector,
            course_id,
            on_failed,
            on_non_graded,
            write_score_on_failed: self.write_score_on_failed.unwrap_or(true),
            write_score_on_non_graded: self.write_score_on_non_graded.unwrap_or(false),
            version_policy,
            check_deadline_seconds,
            eligible_states,
            result_field: result_field.flatten(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        })
    }

    /// The states in the order of [`EligibleState::ALL`], so that another order of the same words is no difference.
    fn eligible_states(&self, check: &mut FieldCheck) -> Vec<EligibleState> {
        let Some(words) = &self.eligible_states else {
            return default_states();
        };
        let choices = EligibleState::ALL.map(|state| (state.as_str(), state));
        let written = check.choices("eligible_states", words, &choices);
        let all = EligibleState::ALL.into_iter();
        all.filter(|state| written.contains(state)).collect()
    }
}

impl ResultFieldInput {
    fn check(&self, check: &mut FieldCheck) -> Option<ResultField> {
        let id = check.docebo_id("result_field.id", self.id, "enrolment field");
        let mut text = |field: &str, written: Option<&str>, default: &str| {
            let text = match written {
                Some(_) => check.text(field, written)?,
                None => default,
            };
            Some(text.to_owned())
        };
        let passed = text("result_field.passed", self.passed.as_deref(), "passed");
        let failed = text("result_field.failed", self.failed.as_deref(), "failed");
        let non_graded = text("result_field.non_graded", self.non_graded.as_deref(), "non_graded");
        Some(ResultField {
            id: id?,
            passed: passed?,
            failed: failed?,
            non_graded: non_graded?,
        })
    }
}
