//! What a dry run of a push shows. No e-mail in it.

use passback_docebo::{Endpoint, UserId};
use passback_queue::LedgerRow;
use passback_registry::ConnectorId;
use serde::Serialize;
use serde_json::Value;

use crate::{Actor, Code, Holding, PushJob, ResultState, Wanted};

const WRITE_TITLE: &str = "The result would be written";
const WRITE_EXPLANATION: &str = "The enrolment is there, and it holds nothing that must not be written over.";
const NOTHING_TITLE: &str = "Nothing would happen";
const NOTHING_EXPLANATION: &str =
    "The result was accepted before and has come to its end. Handing it in again changes nothing.";

/// A title and an explanation, of what has not happened.
type Words = (&'static str, &'static str);

pub(crate) const WRITES_NOTHING: Words = (
    "Nothing would be written",
    "The exam's policy writes nothing for this outcome: neither a status nor a score nor a field.",
);
pub(crate) const HELD_ALREADY: Words = (
    "Docebo holds it already",
    "The enrolment is as this result wants it. Nothing would be written.",
);
pub(crate) const OTHER_COUNTS: Words = (
    "Another result counts",
    "Another result of the same person in the same course counts, by the exam's version policy. This one would not be \
     written.",
);

/// What would become of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Would {
    /// It would be written.
    Write,
    /// Docebo holds it already, or the exam's policy writes nothing for it.
    NoOp,
    /// Another result counts.
    Superseded,
    /// Another result is exactly as new and says something else.
    Conflict,
    /// It would wait, for an event or for a person.
    Park,
    /// Docebo could not be asked.
    Unknown,
    /// It has come to its end already.
    Nothing,
}

/// The write as it would go to Docebo.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RequestView {
    /// The HTTP method.
    pub method: &'static str,
    /// The path on the connector's domain.
    pub path: String,
    /// The body, exactly.
    pub body: Value,
}

impl RequestView {
    /// The write of what is wanted.
    pub(crate) fn of(course_id: u64, user: UserId, wanted: Wanted) -> Self {
        let route = Endpoint::EnrollmentWrite.as_str();
        let (method, path) = route.split_once(' ').unwrap_or(("PUT", route));
        let path = path.replace("{course}", &course_id.to_string());
        Self {
            method,
            path: path.replace("{user}", &user.to_string()),
            // Numbers and texts always serialise.
            body: serde_json::to_value(wanted.update()).unwrap_or_default(),
        }
    }
}

/// One value that would change.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Difference {
    /// Which: `status`, `score`, `completed_at` or `field`.
    pub field: &'static str,
    /// What Docebo holds, or shows; nothing where it shows none.
    pub from: Value,
    /// What it would hold.
    pub to: Value,
}

/// What would become of a result if it were accepted and carried to Docebo now.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Preview {
    /// The result.
    pub result_id: String,
    /// The exam.
    pub exam_id: String,
    /// The connector that it would go to; none where the exam is gone.
    pub connector: Option<ConnectorId>,
    /// Whether it was accepted before, with the same content.
    pub already_accepted: bool,
    /// Where it stands, if it was accepted before.
    pub state: Option<String>,
    /// What would become of it.
    pub would: Would,
    /// The catalogue's code for that; none where it would be written.
    pub code: Option<Code>,
    /// What that is, in a few words.
    pub title: &'static str,
    /// What that is, in a sentence or two.
    pub explanation: &'static str,
    /// Who can put it right, where something stands in the way.
    pub who_acts: Option<Actor>,
    /// How it is put right.
    pub resolution: &'static [&'static str],
    /// What Docebo or the network said where it could not be asked, bounded and redacted.
    pub detail: Option<String>,
    /// The result that counts instead.
    pub by: Option<String>,
    /// The result that is as new and says something else.
    pub with: Option<String>,
    /// The Docebo user that the e-mail leads to.
    pub user_id: Option<u64>,
    /// The Docebo user that earlier results went to, where it is another one.
    pub user_id_before: Option<u64>,
    /// Whether the connector's policy has the attempt write without reading first, whatever is there.
    pub unread: bool,
    /// The write, if there would be one.
    pub request: Option<RequestView>,
    /// What the enrolment holds.
    pub now: Option<Holding>,
    /// What passback knew last, where somebody has changed it since.
    pub last_known: Option<Holding>,
    /// What the enrolment would hold.
    pub after: Option<Holding>,
    /// What would change, value by value.
    pub difference: Vec<Difference>,
}

impl Preview {
    /// A result that nothing stands in the way of, as far as is known.
    pub(crate) fn new(push: &PushJob, row: Option<&LedgerRow>) -> Self {
        Self {
            result_id: push.result_id.to_string(),
            exam_id: push.exam_id.to_string(),
            connector: None,
            already_accepted: row.is_some(),
            state: row.map(|row| row.state.clone()),
            would: Would::Write,
            code: None,
            title: WRITE_TITLE,
            explanation: WRITE_EXPLANATION,
            who_acts: None,
            resolution: &[],
            detail: None,
            by: None,
            with: None,
            user_id: None,
            user_id_before: None,
            unread: false,
            request: None,
            now: None,
            last_known: None,
            after: None,
            difference: Vec::new(),
        }
    }

    pub(crate) fn ends_as(&mut self, would: Would, code: Code) {
        let entry = code.entry();
        (self.would, self.code) = (would, Some(code));
        (self.title, self.explanation) = (entry.title, entry.explanation);
        (self.who_acts, self.resolution) = (Some(entry.who_acts), entry.resolution);
    }

    /// The same where the catalogue speaks of what has happened.
    pub(crate) fn would_be(&mut self, would: Would, code: Code, (title, explanation): Words) {
        self.ends_as(would, code);
        (self.title, self.explanation) = (title, explanation);
    }

    pub(crate) fn unknown(&mut self, code: Code, detail: String) {
        self.ends_as(Would::Unknown, code);
        self.detail = Some(detail);
    }

    /// A result that has come to its end is written no more, whatever Docebo holds.
    pub(crate) fn unless_ended(mut self, row: Option<&LedgerRow>) -> Self {
        let state = row.and_then(|row| row.state.parse::<ResultState>().ok());
        if !state.is_some_and(ResultState::is_final) {
            return self;
        }
        match self.would {
            Would::NoOp | Would::Superseded | Would::Nothing => return self,
            Would::Write | Would::Conflict | Would::Park | Would::Unknown => {}
        }
        (self.would, self.code) = (Would::Nothing, None);
        (self.title, self.explanation) = (NOTHING_TITLE, NOTHING_EXPLANATION);
        (self.who_acts, self.resolution) = (None, &[]);
        (self.request, self.after, self.difference) = (None, self.now.clone(), Vec::new());
        self
    }
}

/// What differs between what an enrolment holds and what it would hold.
pub(crate) fn differences(now: &Holding, after: &Holding) -> Vec<Difference> {
    let text = |value: &Option<String>| Value::from(value.clone());
    let score = Holding {
        score: after.score,
        ..Holding::default()
    };
    // A score of 0 is how Docebo shows none.
    let scores = if score.is_held_by(now) {
        (Value::Null, Value::Null)
    } else {
        (number(now.score), number(after.score))
    };
    let values = [
        ("status", text(&now.status), text(&after.status)),
        ("score", scores.0, scores.1),
        ("completed_at", text(&now.completed_at), text(&after.completed_at)),
        ("field", text(&now.field), text(&after.field)),
    ];
    let changed = values.into_iter().filter(|(_, from, to)| from != to);
    changed
        .map(|(field, from, to)| Difference { field, from, to })
        .collect()
}

/// A percentage as people write it: 87, not 87.0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a whole number from 0 to 100"
)]
fn number(score: Option<f64>) -> Value {
    match score {
        None => Value::Null,
        Some(score) if score.fract() == 0.0 && (0.0..=100.0).contains(&score) => Value::from(score as u8),
        Some(score) => Value::from(score),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_changes_is_a_difference() {
        let now = Holding {
            status: Some("in_progress".to_owned()),
            score: None,
            ..Holding::default()
        };
        let after = Holding {
            status: Some("completed".to_owned()),
            score: Some(87.0),
            completed_at: Some("2026-11-20 09:30:11".to_owned()),
            ..Holding::default()
        };
        let shown = serde_json::to_value(differences(&now, &after)).unwrap();
        let expected = json!([
            {"field": "status", "from": "in_progress", "to": "completed"},
            {"field": "score", "from": null, "to": 87},
            {"field": "completed_at", "from": null, "to": "2026-11-20 09:30:11"},
        ]);
        assert_eq!(shown, expected);
        assert!(differences(&after, &after).is_empty());
    }

    #[test]
    fn a_score_of_zero_is_no_other_than_none() {
        let nought = Holding {
            score: Some(0.0),
            ..Holding::default()
        };
        assert!(differences(&Holding::default(), &nought).is_empty());
    }
}
