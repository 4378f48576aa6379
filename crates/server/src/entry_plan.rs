//! The plan of a single connector or exam, through the same door as a file of many.

use axum::{
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use passback_registry::{ApplyFile, Change, Plan, RegistryError, Stamp};
use serde::Serialize;

use crate::{
    etag::{Conditions, tagged},
    problem::Problem,
    state::App,
};

/// How often a plan is made again because somebody else wrote in between.
const MAX_TRIES: usize = 5;

/// What a write did, or would do.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Planned {
    pub(crate) change: Change,
    pub(crate) diff: Vec<String>,
    /// The state of the entry that the plan leads to.
    #[serde(skip)]
    pub(crate) state: Option<Stamp>,
}

impl Planned {
    fn of(plan: &Plan) -> Self {
        let entry = plan.changes.first();
        Self {
            change: entry.map_or(Change::Unchanged, |entry| entry.change),
            diff: entry.map(|entry| entry.diff.clone()).unwrap_or_default(),
            state: plan.stamps().first().map(|(_, after)| *after),
        }
    }

    /// The write, once it is made.
    pub(crate) fn written(&self) -> Written {
        Written {
            created: self.change == Change::Created,
            state: self.state,
        }
    }
}

/// What an answer says of a write in its status and headers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    created: bool,
    state: Option<Stamp>,
}

impl Written {
    /// The answer to a write: where the entry is if it is new, and the tag of its state.
    pub(crate) fn answer(self, place: String, answer: impl IntoResponse) -> Response {
        let answer = if self.created {
            let headers: [(HeaderName, String); 1] = [(header::LOCATION, place)];
            (StatusCode::CREATED, headers, answer).into_response()
        } else {
            answer.into_response()
        };
        match self.state {
            Some(state) => tagged(state, answer),
            None => answer,
        }
    }
}

/// The state of the entry as it is stored, if it is.
fn stored(plan: &Plan) -> Option<Stamp> {
    plan.stamps().first().and_then(|(before, _)| *before)
}

/// Compares an entry with the registry; changes nothing.
pub(crate) async fn plan(app: &App, file: &ApplyFile, conditions: &Conditions) -> Result<Planned, Problem> {
    let plan = app.registry().plan(file).await?;
    conditions.check(stored(&plan))?;
    Ok(Planned::of(&plan))
}

/// Writes an entry, with its line in the audit trail, if it is in a state that the request is about.
///
/// A plan is applied only if nobody wrote since it was made, so nobody changes the entry between the look at its state
/// and the write.
pub(crate) async fn apply(
    app: &App,
    file: &ApplyFile,
    conditions: &Conditions,
    actor: &str,
) -> Result<Planned, Problem> {
    for _ in 1..MAX_TRIES {
        let plan = app.registry().plan(file).await?;
        conditions.check(stored(&plan))?;
        match app.registry().apply(&plan, actor).await {
            Ok(_) => return Ok(Planned::of(&plan)),
            Err(RegistryError::PlanOutdated) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(RegistryError::Contended.into())
}
