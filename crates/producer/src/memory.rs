//! What passback remembers of an enrolment: what it held last, which write is under way, what a person has allowed.
//! Kept with the subject, as JSON.

use jiff::Timestamp;
use passback_queue::Subject;
use passback_registry::VersionPolicy;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Holding, Standing, Version, Wanted, public_time, standing};

/// What Docebo held when passback last knew for sure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// The platform that the connector led to: its numbers count nowhere else. Empty where that was not noted.
    #[serde(default)]
    pub platform: String,
    /// The Docebo user.
    pub user_id: u64,
    /// What the enrolment held.
    pub holding: Holding,
    /// The result that was written; none where Docebo had it already, or a person kept Docebo's value.
    pub written_by: Option<String>,
    /// The result that counted then. It still does where a person has cancelled a later one before it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// Whether it is somebody's correction that a person has decided to keep: then no later result is written over it
    /// unasked.
    #[serde(default)]
    pub kept: bool,
    /// When the write of `written_by` was begun: Docebo's word of it is no older. None where that was not noted.
    #[serde(
        default,
        serialize_with = "public_time::option::serialize",
        skip_serializing_if = "Option::is_none"
    )]
    pub since: Option<Timestamp>,
    /// What the write of `written_by` really sent. None where that was not noted: then nothing proves that it took effect
    /// but a read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent>,
    /// When that was.
    #[serde(serialize_with = "public_time::serialize")]
    pub at: Timestamp,
}

/// What a write sent of an enrolment's state, and what it found: only what differs proves that it took effect.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The status, by its name; none where it was left as it was.
    pub status: Option<String>,
    /// When the course was completed: Docebo's form, in UTC.
    pub completed_at: Option<String>,
    /// The status before; none where it was written unread.
    pub status_before: Option<String>,
}

impl Sent {
    /// What a write of this sends over what was read, if it was.
    pub fn of(wanted: &Wanted, before: Option<&Holding>) -> Self {
        let wish = wanted.holding();
        Self {
            status: wish.status,
            completed_at: wish.completed_at,
            status_before: before.and_then(|before| before.status.clone()),
        }
    }

    /// Whether Docebo's word of a status, and of a date if it says one, shows that the write took effect: neither was there
    /// before.
    pub fn is_proved_by(&self, status: &str, completed_at: Option<&str>) -> bool {
        if self.status.as_deref() != Some(status) {
            return false;
        }
        match &self.status_before {
            Some(before) => before != status,
            None => self.completed_at.is_some() && self.completed_at.as_deref() == completed_at,
        }
    }
}

/// A write that was begun and of which nobody has noted how it went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// The result.
    pub result_id: String,
    /// The platform that it is written to. Empty where that was not noted.
    #[serde(default)]
    pub platform: String,
    /// The Docebo user.
    pub user_id: u64,
    /// What the enrolment held before; none where it was written unread.
    pub before: Option<Holding>,
    /// Whether that was a correction which a person has allowed this result to be written over, and no other one.
    #[serde(default)]
    pub allowed: bool,
    /// What it holds if the write took effect.
    pub after: Holding,
    /// What is really sent; none where that was not noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent>,
    /// When it was begun.
    #[serde(serialize_with = "public_time::serialize")]
    pub at: Timestamp,
}

/// What a person has allowed for one result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The result that may be written.
    pub result_id: String,
    /// At this platform. Empty where that was not noted.
    #[serde(default)]
    pub platform: String,
    /// To this Docebo user.
    pub user_id: u64,
    /// Over this; none where nothing but the user was in question.
    pub over: Option<Holding>,
    /// Who decided.
    pub by: String,
    /// When.
    #[serde(serialize_with = "public_time::serialize")]
    pub at: Timestamp,
}

/// What is remembered of one subject.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memory {
    /// What Docebo held last.
    pub known: Option<Known>,
    /// The write under way.
    pub intent: Option<Intent>,
    /// What a person has allowed.
    pub decision: Option<Decision>,
}

impl Memory {
    /// Reads what is kept with a subject. What cannot be read was written by a newer version and counts as unknown:
    /// then a person is asked rather than a value overwritten.
    ///
    /// What is remembered of another platform than this one counts as unknown, too: the connector led there once, and
    /// the same numbers are other people's and other courses' here.
    pub fn of(subject: &Subject, platform: &str) -> Self {
        let known = read::<Known>(subject.known.as_deref());
        let intent = read::<Intent>(subject.intent.as_deref());
        let decision = read::<Decision>(subject.decision.as_deref());
        Self {
            known: known.filter(|known| counts_at(&known.platform, platform)),
            intent: intent.filter(|intent| counts_at(&intent.platform, platform)),
            decision: decision.filter(|decision| counts_at(&decision.platform, platform)),
        }
    }

    /// The user that this person was before, where it is another one than now, and nobody has allowed that for this
    /// result.
    pub fn other_user(&self, result_id: &str, user_id: u64) -> Option<u64> {
        let intended = self.intent.as_ref().map(|intent| intent.user_id);
        let before = intended.or_else(|| self.known.as_ref().map(|known| known.user_id))?;
        let allowed = self.decision_for(result_id, user_id).is_some();
        (before != user_id && !allowed).then_some(before)
    }

    /// What a person has allowed for this result and user.
    pub fn decision_for(&self, result_id: &str, user_id: u64) -> Option<&Decision> {
        let decision = self.decision.as_ref();
        decision.filter(|decision| decision.result_id == result_id && decision.user_id == user_id)
    }

    /// Whether something is remembered for which the enrolment must be read before it is written, whatever reads cost: a
    /// write that nobody knows the outcome of, a person's decision, or a correction that was kept.
    pub fn asks_for_a_read(&self) -> bool {
        let kept = self.known.as_ref().is_some_and(|known| known.kept);
        kept || self.intent.is_some() || self.decision.is_some()
    }

    /// Whether a person has decided about this result, and it has not been written since.
    pub fn has_decided(&self, result_id: &str) -> bool {
        self.decision
            .as_ref()
            .is_some_and(|decision| decision.result_id == result_id)
    }

    /// Where a result stands against the version in force, and against what the enrolment holds. A person who has
    /// decided about this very result has settled the latter.
    pub fn standing(&self, policy: VersionPolicy, candidate: &Version, in_force: Option<&Version>) -> Standing {
        let decision = self.decision.as_ref();
        let decided = decision.is_some_and(|decision| decision.result_id == candidate.result_id);
        let held = self.known.as_ref().and_then(|known| known.version.as_ref());
        match standing(policy, candidate, in_force) {
            Standing::InForce if !decided => standing(policy, candidate, held),
            by_version @ (Standing::InForce | Standing::SupersededBy(_) | Standing::ConflictsWith(_)) => by_version,
        }
    }

    /// What is known of an enrolment that is as a result wants it: what was known before, with what the result wants.
    /// What else has changed there is somebody's correction, and stays one.
    pub fn once_met(&self, result_id: &str, user_id: u64, wanted: &Wanted, now: &Holding) -> Holding {
        let intent = self.intent.as_ref();
        let ours = intent.filter(|intent| intent.result_id == result_id && intent.user_id == user_id);
        let before = ours.map(|intent| &intent.after).or_else(|| self.last_known(user_id));
        let known = before.cloned().unwrap_or_else(Holding::without_score).after(wanted);
        Holding {
            status: known.status.or_else(|| now.status.clone()),
            score: known.score.or(now.score),
            completed_at: known.completed_at.or_else(|| now.completed_at.clone()),
            field_id: known.field.as_ref().map_or(now.field_id, |_| known.field_id),
            field: known.field.or_else(|| now.field.clone()),
        }
    }

    /// What a write of this result has left with this user, or may have; not where all is exactly as it was before it.
    pub(crate) fn left_by(&self, result_id: &str, user_id: u64, now: &Holding) -> Option<&Holding> {
        let intent = self.intent.as_ref();
        let intended = intent.filter(|intent| intent.result_id == result_id && intent.user_id == user_id);
        let as_before = |intent: &&Intent| intent.before.as_ref().is_some_and(|before| before.is_held_by(now));
        let intended = intended.filter(|intent| !as_before(intent));
        let known = self.known.as_ref().filter(|known| known.user_id == user_id);
        let written = known.filter(|known| known.written_by.as_deref() == Some(result_id));
        intended
            .map(|intent| &intent.after)
            .or(written.map(|known| &known.holding))
    }

    /// When the write of this result was begun that may have reached Docebo.
    pub fn write_begun(&self, result_id: &str) -> Option<Timestamp> {
        let intended = self.intent.as_ref().filter(|intent| intent.result_id == result_id);
        let known = self.known.as_ref();
        let written = known.filter(|known| known.written_by.as_deref() == Some(result_id));
        // The first of several tries: whichever it was, Docebo's word of it is no older.
        let first = written.and_then(|known| known.since);
        first.or(intended.map(|intent| intent.at))
    }

    /// What the write of this result sent that may have reached Docebo.
    pub fn sent_by(&self, result_id: &str) -> Option<&Sent> {
        let intended = self.intent.as_ref().filter(|intent| intent.result_id == result_id);
        let written = self
            .known
            .as_ref()
            .filter(|known| known.written_by.as_deref() == Some(result_id));
        match intended {
            Some(intent) => intent.sent.as_ref(),
            None => written.and_then(|known| known.sent.as_ref()),
        }
    }

    /// Whether a write of this result may have reached Docebo.
    pub fn may_have_written(&self, result_id: &str) -> bool {
        let intended = self.intent.as_ref().is_some_and(|intent| intent.result_id == result_id);
        let written_by = self.known.as_ref().and_then(|known| known.written_by.as_deref());
        intended || written_by == Some(result_id)
    }

    /// What the enrolment of this user held last, if it may be written over.
    pub(crate) fn free_to_overwrite(&self, user_id: u64) -> Option<&Holding> {
        let known = self.known.as_ref().filter(|known| !known.kept);
        known.and_then(|_| self.last_known(user_id))
    }

    /// What the enrolment of this user held last, as far as it is known.
    pub fn last_known(&self, user_id: u64) -> Option<&Holding> {
        let known = self.known.as_ref().filter(|known| known.user_id == user_id);
        known.map(|known| &known.holding)
    }
}

/// The text that is kept.
pub fn to_json<T: Serialize>(value: &T) -> String {
    // Texts, numbers and times always serialise.
    serde_json::to_string(value).unwrap_or_default()
}

/// Whether what was noted at one platform counts at another. What does not say where it was noted is not known to be
/// from elsewhere: so wrote the workers that did not tell platforms apart, beside which this one may run.
fn counts_at(noted: &str, platform: &str) -> bool {
    noted.is_empty() || noted == platform
}

fn read<T: DeserializeOwned>(json: Option<&str>) -> Option<T> {
    json.and_then(|json| serde_json::from_str(json).ok())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    #[rstest]
    #[case::here(json!("acme.docebosaas.com"), true)]
    #[case::elsewhere(json!("acme-sandbox.docebosaas.com"), false)]
    #[case::by_a_worker_that_did_not_say_where(Value::Null, true)]
    fn what_was_noted_counts_where_it_was_noted(#[case] platform: Value, #[case] counts: bool) {
        let mut known =
            json!({"user_id": 7, "holding": Holding::default(), "written_by": "r-1", "at": "2026-11-22T12:00:00Z"});
        if !platform.is_null() {
            known["platform"] = platform;
        }
        let subject = Subject {
            known: Some(known.to_string()),
            ..Subject::default()
        };
        assert_eq!(Memory::of(&subject, "acme.docebosaas.com").known.is_some(), counts);
    }
}
