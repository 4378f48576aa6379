//! The worker incarnations that Redis knows.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use passback_queue::{Lane, Worker};
use serde::Serialize;

use crate::{list::List, parameters::Parameters, problem::Problem, state::App, time::rfc3339};

/// A worker incarnation as the API shows it.
#[derive(Debug, Serialize)]
pub(crate) struct WorkerView {
    id: String,
    host: Option<String>,
    pid: Option<u32>,
    version: Option<String>,
    started_at: Option<String>,
    last_beat_at: String,
    concurrency: BTreeMap<Lane, usize>,
    running: BTreeMap<Lane, u64>,
}

impl From<Worker> for WorkerView {
    fn from(worker: Worker) -> Self {
        let info = worker.info.as_ref();
        Self {
            host: info.map(|info| info.host.clone()),
            pid: info.map(|info| info.pid),
            version: info.map(|info| info.version.clone()),
            started_at: info.map(|info| rfc3339(info.started_ms)),
            last_beat_at: rfc3339(worker.last_beat_ms),
            concurrency: info.map(|info| info.concurrency.clone()).unwrap_or_default(),
            running: worker.running,
            id: worker.id,
        }
    }
}

/// `GET /v1/workers`
pub(crate) async fn list(State(app): State<App>, parameters: Parameters) -> Result<Json<List<WorkerView>>, Problem> {
    parameters.only(&[])?;
    let workers = app.queue().workers().await?;
    Ok(Json(List::whole(workers.into_iter().map(WorkerView::from).collect())))
}
