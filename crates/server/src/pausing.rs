//! Pausing and resuming, whatever it is: the queue is told, and the audit trail.

use passback_queue::Target;
use serde::Serialize;

use crate::{
    auth::Identity,
    intervention::note,
    parameters::Parameters,
    pause_request::{Hold, PauseRequest, ReasonRequest},
    problem::Problem,
    state::App,
};

/// Something after it was paused or resumed, or as it is where that was only tried.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Held<T> {
    /// Whether anything was changed, or would be.
    pub(crate) changed: bool,
    pub(crate) dry_run: bool,
    #[serde(flatten)]
    pub(crate) view: T,
}

/// What a call asks for.
pub(crate) enum Wish {
    /// Nothing new is to begin.
    Pause(Hold),
    /// All is to go on, for this reason.
    Resume(String),
}

impl Wish {
    pub(crate) async fn pause(app: &App, request: &PauseRequest) -> Result<Self, Problem> {
        let now_ms = app.queue().now_ms().await?;
        Ok(Self::Pause(request.checked(now_ms)?))
    }

    pub(crate) fn resume(request: &ReasonRequest) -> Result<Self, Problem> {
        Ok(Self::Resume(request.checked()?))
    }
}

/// The one parameter that these calls take: whether only to say what would change.
pub(crate) fn dry_run(parameters: Parameters) -> Result<bool, Problem> {
    parameters.only(&["dry_run"])?.switch("dry_run", false)
}

/// Does what was asked for, or only looks; returns whether it changes anything.
pub(crate) async fn fulfil(
    app: &App,
    identity: &Identity,
    target: &Target,
    wish: &Wish,
    dry_run: bool,
) -> Result<bool, Problem> {
    match wish {
        Wish::Pause(_) if dry_run => Ok(true),
        Wish::Pause(hold) => {
            let queue = app.queue();
            queue
                .pause(target, hold.mode, &identity.name, &hold.reason, hold.lasts)
                .await?;
            record(app, identity, target, "paused", &hold.reason, Some(hold.detail())).await;
            Ok(true)
        }
        Wish::Resume(_) if dry_run => Ok(app.queue().pause_of(target).await?.is_some()),
        Wish::Resume(reason) => {
            let changed = app.queue().resume(target).await?;
            if changed {
                record(app, identity, target, "resumed", reason, None).await;
            }
            Ok(changed)
        }
    }
}

async fn record(app: &App, identity: &Identity, target: &Target, what: &str, reason: &str, detail: Option<String>) {
    let (kind, name) = match target {
        Target::Connector(name) => ("connector", name.to_string()),
        Target::Lane(lane) => ("lane", lane.to_string()),
        Target::Worker(name) => ("worker", name.to_string()),
    };
    let action = format!("{kind}.{what}");
    note(app, identity, &action, &format!("{kind} {name}"), reason, detail).await;
}
