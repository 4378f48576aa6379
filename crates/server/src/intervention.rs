//! Who did what to jobs, and why: on the job itself, and in the audit trail.

use passback_queue::Intervention;
use passback_registry::{NewAuditEntry, without_emails};

use crate::{auth::Identity, problem::Problem, state::App};

/// What the history of the job will say; an address that somebody wrote into the reason is left out.
pub(crate) async fn intervention(app: &App, identity: &Identity, reason: &str) -> Result<Intervention, Problem> {
    let at_ms = app.queue().now_ms().await?;
    Ok(Intervention {
        actor: identity.name.clone(),
        reason: without_emails(reason),
        at_ms,
    })
}

/// Puts a change on record.
///
/// The change is made by then, and its own history says who did it; so a trail that cannot be written is logged, not
/// told as a failure that invites to do the change again.
pub(crate) async fn note(
    app: &App,
    identity: &Identity,
    action: &str,
    target: &str,
    reason: &str,
    detail: Option<String>,
) {
    let entry = NewAuditEntry {
        actor: identity.name.clone(),
        action: action.to_owned(),
        target: target.to_owned(),
        reason: Some(reason.to_owned()),
        detail,
    };
    if let Err(error) = app.registry().record_audit(&entry).await {
        tracing::error!(error = %error, actor = %identity.name, action, target, "a change is missing in the audit trail");
    }
}
