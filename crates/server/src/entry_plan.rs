//! The plan of a single connector or exam, through the same door as a file of many.

use passback_registry::{ApplyFile, Change, Plan, RegistryError};
use serde::Serialize;

use crate::{problem::Problem, state::App};

/// How often a plan is made again because somebody else wrote in between.
const MAX_TRIES: usize = 5;

/// What a write did, or would do.
#[derive(Debug, Serialize)]
pub(crate) struct Planned {
    pub(crate) change: Change,
    pub(crate) diff: Vec<String>,
}

impl Planned {
    fn of(plan: &Plan) -> Self {
        let entry = plan.changes.first();
        Self {
            change: entry.map_or(Change::Unchanged, |entry| entry.change),
            diff: entry.map(|entry| entry.diff.clone()).unwrap_or_default(),
        }
    }
}

/// Compares an entry with the registry; changes nothing.
pub(crate) async fn plan(app: &App, file: &ApplyFile) -> Result<Planned, Problem> {
    Ok(Planned::of(&app.registry().plan(file).await?))
}

/// Writes an entry, with its line in the audit trail.
pub(crate) async fn apply(app: &App, file: &ApplyFile, actor: &str) -> Result<Planned, Problem> {
    for _ in 1..MAX_TRIES {
        let plan = app.registry().plan(file).await?;
        match app.registry().apply(&plan, actor).await {
            Ok(_) => return Ok(Planned::of(&plan)),
            Err(RegistryError::PlanOutdated) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(RegistryError::Contended.into())
}
