//! `passback lane list|pause|resume|drain`

use clap::{Args, Subcommand};

use super::connector::PrintArgs;
use super::filter::lanes;
use super::pause::{ChangeFlags, DrainFlags, Kind, PauseFlags, drain, pause, paused_words, resume};
use crate::api::{Api, items};
use crate::exit::{Exit, Failure};
use crate::output::{self, Column, column, field};

/// What can be done with lanes.
#[derive(Debug, Subcommand)]
pub(crate) enum LaneCommand {
    /// List the lanes with what waits and runs in them.
    List(PrintArgs),
    /// Let no new job of a lane begin, whatever its connector.
    Pause(LanePauseArgs),
    /// Let a paused lane go on.
    Resume(LaneResumeArgs),
    /// Pause a lane and wait until nothing of it runs.
    Drain(LaneDrainArgs),
}

/// Which lane to pause, and how.
#[derive(Debug, Args)]
pub(crate) struct LanePauseArgs {
    /// The lane.
    #[arg(value_parser = lanes())]
    lane: String,
    #[command(flatten)]
    flags: PauseFlags,
}

/// Which lane to resume.
#[derive(Debug, Args)]
pub(crate) struct LaneResumeArgs {
    /// The lane.
    #[arg(value_parser = lanes())]
    lane: String,
    #[command(flatten)]
    flags: ChangeFlags,
}

/// Which lane to drain, and how long to wait for it.
#[derive(Debug, Args)]
pub(crate) struct LaneDrainArgs {
    /// The lane.
    #[arg(value_parser = lanes())]
    lane: String,
    #[command(flatten)]
    flags: DrainFlags,
}

const COLUMNS: [Column; 6] = [
    column("LANE", |lane| field(lane, "lane")),
    column("READY", |lane| field(lane, "ready")),
    column("RUNNING", |lane| field(lane, "running")),
    column("SLOTS", |lane| field(lane, "slots")),
    column("PAUSE", paused_words),
    column("BY", |lane| match lane["pause"]["actor"].as_str() {
        Some(actor) => format!("{actor}: {}", field(&lane["pause"], "reason")),
        None => "-".to_owned(),
    }),
];

/// Runs a command on lanes.
pub(crate) async fn run(command: LaneCommand) -> Result<Exit, Failure> {
    let api = Api::from_environment()?;
    match command {
        LaneCommand::List(args) => {
            let page = api.get(&["v1", "lanes"], &[]).await?;
            output::list(args.output, items(&page), &COLUMNS)?;
            Ok(Exit::Done)
        }
        LaneCommand::Pause(args) => pause(&api, Kind::Lane, &args.lane, &args.flags).await,
        LaneCommand::Resume(args) => resume(&api, Kind::Lane, &args.lane, &args.flags).await,
        LaneCommand::Drain(args) => drain(&api, Kind::Lane, &args.lane, &args.flags).await,
    }
}
