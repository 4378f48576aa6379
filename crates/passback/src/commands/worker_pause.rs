//! `passback worker-pause`, `worker-resume`, `worker-drain`

use clap::Args;

use super::pause::{ChangeFlags, DrainFlags, EndFlags, Kind, PauseArgs, ResumeArgs, drain, pause, resume};
use crate::api::Api;
use crate::exit::{Exit, Failure};

/// Which worker to drain, and how long to wait for it.
#[derive(Debug, Args)]
pub(crate) struct WorkerDrainArgs {
    /// The id.
    id: String,
    /// How long to wait until nothing runs any more; 0s does not wait.
    #[arg(long, default_value = "60s", value_name = "LENGTH")]
    wait: String,
    #[command(flatten)]
    change: ChangeFlags,
}

/// Lets a worker take no new jobs.
pub(crate) async fn run_pause(args: PauseArgs) -> Result<Exit, Failure> {
    pause(&Api::from_environment()?, Kind::Worker, &args.id, &args.flags).await
}

/// Lets a paused worker take jobs again.
pub(crate) async fn run_resume(args: ResumeArgs) -> Result<Exit, Failure> {
    resume(&Api::from_environment()?, Kind::Worker, &args.id, &args.flags).await
}

/// Lets a worker finish what it has, and end.
pub(crate) async fn run_drain(args: WorkerDrainArgs) -> Result<Exit, Failure> {
    let flags = DrainFlags {
        end: EndFlags::default(),
        wait: args.wait,
        change: args.change,
    };
    drain(&Api::from_environment()?, Kind::Worker, &args.id, &flags).await
}
