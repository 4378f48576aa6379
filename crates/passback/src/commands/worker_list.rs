//! `passback worker-list`

use clap::Args;
use serde_json::Value;

use super::pause::paused_words;
use crate::api::{Api, items};
use crate::exit::{Exit, Failure};
use crate::output::{self, Column, Format, column, field};

/// How to list workers.
#[derive(Debug, Args)]
pub(crate) struct WorkerListArgs {
    /// How to print them.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

const COLUMNS: [Column; 7] = [
    column("ID", |worker| field(worker, "id")),
    column("HOST", |worker| field(worker, "host")),
    column("PID", |worker| field(worker, "pid")),
    column("VERSION", |worker| field(worker, "version")),
    column("LAST BEAT", |worker| field(worker, "last_beat_at")),
    column("RUNNING", running),
    column("PAUSE", paused_words),
];

/// Lists the workers that beat.
pub(crate) async fn run(args: WorkerListArgs) -> Result<Exit, Failure> {
    let api = Api::from_environment()?;
    let page = api.get(&["v1", "workers"], &[]).await?;
    output::list(args.output, items(&page), &COLUMNS)?;
    Ok(Exit::Done)
}

fn running(worker: &Value) -> String {
    let lanes = worker["running"].as_object().map(|lanes| {
        let each: Vec<String> = lanes.iter().map(|(lane, jobs)| format!("{lane} {jobs}")).collect();
        each.join(", ")
    });
    lanes.filter(|text| !text.is_empty()).unwrap_or_else(|| "-".to_owned())
}
