//! The stale guard: which of several results of one person in one course is in force. Pure.
//!
//! Two results compare by `sequence` if both have one, else by `completed_at`. Results of one exam engine either
//! all carry a sequence or none does; should it mix them against the order of time, no order can be fair to all and
//! the one that arrives decides.

use std::cmp::Ordering;

use jiff::Timestamp;
use passback_registry::{Vault, VersionPolicy, normalise_email};
use serde::{Deserialize, Serialize};

use crate::{Outcome, PushJob};

/// What of a result decides whether it is in force; kept with its subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// The result.
    pub result_id: String,
    /// How the exam ended.
    pub outcome: Outcome,
    /// The score, 0 to 100.
    pub score_percent: Option<f64>,
    /// When the exam ended.
    pub completed_at: Timestamp,
    /// The exam engine's own count of this person's results.
    pub sequence: Option<u64>,
    /// Keyed hash of the content, the result's id left out.
    pub fingerprint: String,
}

/// Where a result stands among those of its subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is the one to write.
    InForce,
    /// The named result took its place.
    SupersededBy(String),
    /// The named result is as new and says something else: a person must decide.
    ConflictsWith(String),
}

impl Version {
    /// The version of a result.
    pub fn of(job: &PushJob, vault: &Vault) -> Self {
        Self {
            result_id: job.result_id.to_string(),
            outcome: job.outcome,
            score_percent: job.score_percent,
            completed_at: job.completed_at,
            sequence: job.sequence,
            fingerprint: fingerprint(job, vault),
        }
    }

    /// The text that is kept with the subject.
    pub fn to_json(&self) -> String {
        // Texts, numbers and times always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }

    fn passed(&self) -> bool {
        self.outcome == Outcome::Passed
    }
}

/// Keyed hash of a result's normalised content: keyed, since it holds an e-mail.
fn fingerprint(job: &PushJob, vault: &Vault) -> String {
    if let Some(stand_in) = &job.stand_in {
        return stand_in.fingerprint.clone();
    }
    let content = serde_json::json!([
        job.exam_id.as_str(),
        normalise_email(&job.email),
        job.outcome,
        job.score_percent,
        job.completed_at,
        job.sequence,
    ]);
    vault.keyed_hash(&content.to_string())
}

/// Says where a candidate stands against the version in force.
pub fn standing(policy: VersionPolicy, candidate: &Version, in_force: Option<&Version>) -> Standing {
    let Some(in_force) = in_force.filter(|version| version.result_id != candidate.result_id) else {
        return Standing::InForce;
    };
    match rank(policy, candidate, in_force) {
        Ordering::Greater => Standing::InForce,
        Ordering::Less => Standing::SupersededBy(in_force.result_id.clone()),
        Ordering::Equal if candidate.fingerprint == in_force.fingerprint => Standing::InForce,
        Ordering::Equal => Standing::ConflictsWith(in_force.result_id.clone()),
    }
}

fn rank(policy: VersionPolicy, a: &Version, b: &Version) -> Ordering {
    let pass = a.passed().cmp(&b.passed());
    match policy {
        VersionPolicy::PassSticky => pass.then_with(|| recency(a, b)),
        VersionPolicy::Latest => recency(a, b),
        VersionPolicy::Best => pass.then_with(|| score(a, b)).then_with(|| recency(a, b)),
    }
}

fn recency(a: &Version, b: &Version) -> Ordering {
    match (a.sequence, b.sequence) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_) | None, None) | (None, Some(_)) => a.completed_at.cmp(&b.completed_at),
    }
}

fn score(a: &Version, b: &Version) -> Ordering {
    match (a.score_percent, b.score_percent) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}
