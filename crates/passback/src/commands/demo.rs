//! `passback demo`

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use passback_simulator::World;
use tempfile::TempDir;

use super::dev::stop;
use super::settings::LogFlags;
use super::token_new::new_token;
use crate::config::parse_duration;
use crate::demo::{Day, EXAM_DAY_WORLD, Script, compare, differences, exams_of, print_report, say_how_to_look_further};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::signals::StopSignals;
use crate::stack::{Stack, StackPlan};

/// What to play.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// End with the day: 0 if every event ended as its script says, 1 with the differences if not.
    #[arg(long)]
    once: bool,
    /// Another script: one event per line.
    #[arg(long)]
    file: Option<PathBuf>,
    /// Another world for it; a course's code is its exam's id.
    #[arg(long)]
    world: Option<PathBuf>,
    /// Where the API listens; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: String,
    /// Keep data, keys and the token in this folder instead of a temporary one; it must be new.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// How many workers to run.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64))]
    workers: u16,
    /// How long the day may take.
    #[arg(long, default_value = "180s", value_parser = time_limit)]
    time_limit: Duration,
    #[command(flatten)]
    log: LogFlags,
}

fn time_limit(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "write a number with s or m, such as 180s".to_owned())
}

/// Plays the day, prints what happened, and stays to be looked at unless told otherwise.
pub(crate) async fn run(args: DemoArgs) -> Result<Exit, Failure> {
    args.log.start("off")?;
    let mut signals = StopSignals::listen()?;
    let script = Script::read(args.file.as_deref())?;
    let world = match &args.world {
        Some(path) => World::from_file(path),
        None => World::from_toml(EXAM_DAY_WORLD),
    };
    let world = world.map_err(|error| Failure::refused(error.to_string()))?;
    let temporary = TempDir::with_prefix("passback-demo-")
        .map_err(|error| Failure::failed(format!("there is no temporary folder: {error}")))?;
    let plan = StackPlan {
        data_dir: args.data_dir.clone().unwrap_or_else(|| temporary.path().join("data")),
        listen: args.listen.clone(),
        redis_url: None,
        without_redis_server: None,
        exams: exams_of(&world),
        world: Some(world.clone()),
        workers: args.workers.into(),
        admin_token: new_token()?,
    };
    output::note("starting Redis, a stand-in for three Docebo platforms, the API and the workers");
    let mut stack = tokio::select! {
        stack = Stack::start(plan) => stack?,
        () = signals.next() => return Ok(Exit::Interrupted),
    };
    output::note(&format!("the API answers at {}; the exam day begins", stack.api_url()));
    let verdict = tokio::select! {
        verdict = play(&stack, script, &world, &args) => verdict,
        () = signals.next() => Ok(Exit::Interrupted),
    };
    let ended = match verdict {
        Ok(exit) if !args.once && exit != Exit::Interrupted => stay(&mut stack, &mut signals).await.map(|()| exit),
        verdict => verdict,
    };
    output::note("stopping; Ctrl-C stops at once");
    match ended {
        Ok(exit) => stop(stack, &mut signals, None).await.map(|_| exit),
        Err(failure) => stop(stack, &mut signals, Some(failure)).await,
    }
}

async fn play(stack: &Stack, script: Script, world: &World, args: &DemoArgs) -> Result<Exit, Failure> {
    let simulator = stack
        .simulator()
        .ok_or_else(|| Failure::failed("the demo has no simulator"))?;
    let events = script.outcomes();
    let played = Day::new(stack.api()?, simulator, &script)
        .play(script, args.time_limit)
        .await?;
    let side = compare(&played.tracked, simulator, world);
    print_report(&played, &side, simulator)?;
    let differences = differences(&played, &side);
    if differences.is_empty() {
        output::line(&format!("all {events} checks and results ended as their script says"))?;
        return Ok(Exit::Done);
    }
    output::line(&format!("\ndifferences from the script: {}\n", differences.len()))?;
    differences
        .iter()
        .try_for_each(|difference| output::line(&format!("  {difference}")))?;
    Ok(Exit::Failed)
}

/// Lets a person look around until a signal comes.
async fn stay(stack: &mut Stack, signals: &mut StopSignals) -> Result<(), Failure> {
    say_how_to_look_further(stack)?;
    tokio::select! {
        failure = stack.broken() => Err(failure),
        () = signals.next() => Ok(()),
    }
}
