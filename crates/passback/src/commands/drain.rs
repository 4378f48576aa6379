//! Waiting until nothing runs any more.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::pause::Kind;
use crate::api::{Api, items};
use crate::exit::Failure;
use crate::output::{self, field};

/// How often to look.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The most jobs that are named when the time is up.
const MAX_NAMED: usize = 5;
/// The most running jobs looked through for those of one worker.
const MAX_RUNNING: usize = 1_000;

/// Looks until nothing runs; says how many still do whenever that changes, and what they are when the time is up.
pub(crate) async fn wait_until_drained(
    api: &Api,
    kind: Kind,
    id: &str,
    first: Value,
    wait: Duration,
) -> Result<Value, Failure> {
    let give_up = Instant::now() + wait;
    let mut view = first;
    let mut said = None;
    loop {
        let left = running(&view);
        if left == 0 {
            output::note(&format!("{} {id} runs nothing any more", kind.word()));
            return Ok(view);
        }
        if wait.is_zero() {
            output::note(&format!("{} still", jobs_run(left)));
            return Ok(view);
        }
        if Instant::now() >= give_up {
            return Err(still_running(api, kind, id, left, wait).await);
        }
        if said.replace(left) != Some(left) {
            output::note(&format!("{} still", jobs_run(left)));
        }
        tokio::time::sleep_until(give_up.min(Instant::now() + LOOK_EVERY)).await;
        view = match look(api, kind, id).await? {
            Some(view) => view,
            // A drained worker signs off and ends.
            None => return Ok(gone(kind, id)),
        };
    }
}

async fn look(api: &Api, kind: Kind, id: &str) -> Result<Option<Value>, Failure> {
    let (route, name) = match kind {
        Kind::Connector => return api.find(&["v1", kind.route(), id]).await,
        Kind::Lane => (kind.route(), "lane"),
        Kind::Worker => (kind.route(), "id"),
    };
    let page = api.get(&["v1", route], &[]).await?;
    Ok(items(&page).iter().find(|item| item[name] == id).cloned())
}

fn gone(kind: Kind, id: &str) -> Value {
    output::note(&format!("{} {id} is gone", kind.word()));
    serde_json::json!({"id": id, "status": "gone", "drained": true})
}

/// Jobs that run: of a worker they are told per lane.
pub(crate) fn running(view: &Value) -> u64 {
    match view["running"].as_object() {
        Some(lanes) => lanes.values().filter_map(Value::as_u64).sum(),
        None => view["running"].as_u64().unwrap_or(0),
    }
}

fn jobs_run(count: u64) -> String {
    if count == 1 {
        "1 job runs".to_owned()
    } else {
        format!("{count} jobs run")
    }
}

/// Names what still runs.
async fn still_running(api: &Api, kind: Kind, id: &str, left: u64, wait: Duration) -> Failure {
    let word = kind.word();
    let sentence = format!("{word} {id} is paused, but {} still after {wait:?}", jobs_run(left));
    let failure = Failure::failed(sentence).fix("wait longer with --wait; what runs goes on to its end either way");
    let mut query = vec![("state", "running")];
    match kind {
        Kind::Connector => query.push(("connector", id)),
        Kind::Lane => query.push(("lane", id)),
        Kind::Worker => {}
    }
    // Only the names are missing if this fails.
    let Ok((jobs, _)) = api.list(&["v1", "jobs"], &query, MAX_RUNNING).await else {
        return failure;
    };
    let mine = jobs.iter().filter(|job| kind != Kind::Worker || job["worker"] == id);
    mine.take(MAX_NAMED).fold(failure, |failure, job| {
        let (id, kind, since) = (field(job, "id"), field(job, "kind"), field(job, "since"));
        failure.detail(format!("{id} {kind} runs since {since}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn jobs_are_counted_over_the_lanes_of_a_worker_and_in_one_number_elsewhere() {
        assert_eq!(running(&json!({"running": {"check": 1, "push": 2}})), 3);
        assert_eq!(running(&json!({"running": 4})), 4);
        assert_eq!(running(&json!({})), 0);
    }
}
