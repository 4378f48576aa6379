//! Which dead letters a change is about: some that are named, or those of a plan.

use passback_queue::JobId;
use serde::Deserialize;

use crate::{
    parameters::reason_in_body,
    problem::{Fault, Problem},
};

/// The most jobs of one call.
const MAX_IDS: usize = 1_000;
/// The pace of a plan: jobs per second, if nothing is said, and at most.
const PER_SECOND: u32 = 20;
const MAX_PER_SECOND: u32 = 1_000;

/// Which jobs, and why.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Selection {
    #[serde(default)]
    ids: Option<Vec<String>>,
    #[serde(default)]
    plan: Option<String>,
    reason: String,
    #[serde(default, deserialize_with = "passback_registry::whole_number::deserialize")]
    per_second: Option<u32>,
}

/// Which jobs, once that is clear.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// Now, in this very call.
    Jobs(Vec<JobId>),
    /// From now on, at a pace.
    Plan {
        /// Which.
        id: JobId,
        /// Its pace.
        per_second: u32,
    },
}

impl Selection {
    /// Checks jobs and reason, and says all that is wrong with them.
    pub(crate) fn checked(&self) -> Result<(Chosen, String), Problem> {
        let mut faults = Vec::new();
        let chosen = match (&self.ids, &self.plan) {
            (None, Some(plan)) => self.plan(plan, &mut faults),
            (Some(_), Some(_)) => {
                let fix = "say either which jobs or which plan";
                faults.push(Fault::at("/plan", "given together with ids", fix));
                None
            }
            (ids, None) => {
                if self.per_second.is_some() {
                    let fix = "leave it out, or name a plan";
                    faults.push(Fault::at("/per_second", "given without a plan", fix));
                }
                Some(Chosen::Jobs(parsed(ids.as_deref().unwrap_or_default(), &mut faults)))
            }
        };
        let reason = reason_in_body(&self.reason).map_err(|fault| faults.push(fault));
        match (chosen, reason) {
            (Some(chosen), Ok(reason)) if faults.is_empty() => Ok((chosen, reason)),
            (Some(_) | None, Ok(_) | Err(())) => Err(Problem::invalid(faults)),
        }
    }

    fn plan(&self, plan: &str, faults: &mut Vec<Fault>) -> Option<Chosen> {
        let per_second = self.per_second.unwrap_or(PER_SECOND);
        if !(1..=MAX_PER_SECOND).contains(&per_second) {
            let fix = format!("use a whole number from 1 to {MAX_PER_SECOND}");
            faults.push(Fault::at("/per_second", "not a pace", fix));
        }
        if let Ok(id) = plan.parse() {
            return Some(Chosen::Plan { id, per_second });
        }
        let fix = "use the id that POST /v1/dead-letters/plan gave";
        faults.push(Fault::at("/plan", "not the id of a plan", fix));
        None
    }
}

fn parsed(texts: &[String], faults: &mut Vec<Fault>) -> Vec<JobId> {
    if !(1..=MAX_IDS).contains(&texts.len()) {
        let fix = format!("name 1 to {MAX_IDS} jobs, or a plan");
        faults.push(Fault::at("/ids", "none, or too many", fix));
    }
    let mut ids = Vec::new();
    for (index, text) in texts.iter().take(MAX_IDS).enumerate() {
        match text.parse::<JobId>() {
            Ok(id) if ids.contains(&id) => {
                faults.push(Fault::at(format!("/ids/{index}"), "given twice", "give it once"));
            }
            Ok(id) => ids.push(id),
            Err(error) => faults.push(Fault::at(format!("/ids/{index}"), "not a job id", error.to_string())),
        }
    }
    ids
}
