//! `passback job list|show|explain|cancel`

use clap::{Args, Subcommand};
use passback_queue::State;
use reqwest::Method;
use serde_json::{Value, json};

use super::filter::{JobFilter, PAIRS, borrowed, states};
use crate::api::Api;
use crate::exit::{Exit, Failure};
use crate::output::{self, Column, Format, column, confirm, field, text_of};

/// What can be done with jobs.
#[derive(Debug, Subcommand)]
pub(crate) enum JobCommand {
    /// List jobs: those that have not ended, or those in one state.
    List(ListArgs),
    /// Show one job with its attempts.
    Show(ShowArgs),
    /// Say why a job is not running: what keeps it, since when, until when, and who can change that.
    Explain(ShowArgs),
    /// End a job that is not running.
    Cancel(CancelArgs),
}

/// Which jobs to list.
#[derive(Debug, Args)]
#[command(mut_arg(PAIRS, |pairs| {
    pairs.help("The same as a pair: connector=ID, lane=LANE, code=CODE, state=STATE; may be given several times")
}))]
pub(crate) struct ListArgs {
    /// Only jobs in this state; without it, all jobs that have not ended.
    #[arg(long, value_parser = states())]
    state: Option<String>,
    #[command(flatten)]
    filter: JobFilter,
    /// The most jobs to list.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
    /// How to print them.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// Which job to show.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The job's id.
    id: String,
    /// How to print it.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// Which job to cancel.
#[derive(Debug, Args)]
pub(crate) struct CancelArgs {
    /// The job's id.
    id: String,
    /// Why; stands in the job's history and in the audit trail.
    #[arg(long, required_unless_present = "dry_run")]
    reason: Option<String>,
    /// Show the job that would be cancelled, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
    /// How to print what became of it.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// How jobs stand in tables.
pub(crate) const JOB_COLUMNS: [Column; 8] = [
    column("ID", |job| field(job, "id")),
    column("KIND", |job| field(job, "kind")),
    column("STATE", |job| field(job, "state")),
    column("CONNECTOR", |job| field(job, "connector")),
    column("RESULT", |job| field(job, "result_id")),
    column("CODE", |job| field(job, "code")),
    column("ATTEMPTS", |job| field(job, "attempts")),
    column("SINCE", |job| field(job, "since")),
];

const ATTEMPT_COLUMNS: [Column; 7] = [
    column("STARTED", |attempt| field(attempt, "started_at")),
    column("ATTEMPT", |attempt| field(attempt, "attempt")),
    column("OUTCOME", |attempt| field(attempt, "outcome")),
    column("CODE", |attempt| field(attempt, "code")),
    column("MS", |attempt| field(attempt, "duration_ms")),
    column("CALLS", calls),
    column("BY", by),
];

/// Runs a command on jobs.
pub(crate) async fn run(command: JobCommand) -> Result<Exit, Failure> {
    let api = Api::from_environment()?;
    match command {
        JobCommand::List(args) => {
            let mut query = args.filter.query(true)?;
            query.extend(args.state.map(|state| ("state", state)));
            let (jobs, more) = api.list(&["v1", "jobs"], &borrowed(&query), args.limit.into()).await?;
            let any_state = query.iter().all(|(key, _)| *key != "state");
            if jobs.is_empty() && any_state && args.output == Format::Table {
                let jobs = if args.filter.is_empty() {
                    "no living jobs"
                } else {
                    "no living jobs match"
                };
                output::note(&format!("{jobs}; --state done lists ended ones"));
                return Ok(Exit::Done);
            }
            output::list(args.output, &jobs, &JOB_COLUMNS)?;
            say_more(more);
        }
        JobCommand::Show(args) => {
            let job = api.get(&["v1", "jobs", &args.id], &[]).await?;
            print_job(args.output, &job)?;
            if args.output == Format::Table && is_waiting(&job) {
                let explanation = explained(&api, &args.id).await?;
                output::line(&format!(
                    "\nwhy it does not run: {}",
                    field(&explanation, "explanation")
                ))?;
            }
        }
        JobCommand::Explain(args) => {
            let explanation = explained(&api, &args.id).await?;
            print_explanation(args.output, &explanation)?;
        }
        JobCommand::Cancel(args) if args.dry_run => return preview_cancel(&api, &args).await,
        JobCommand::Cancel(args) => cancel(&api, &args).await?,
    }
    Ok(Exit::Done)
}

async fn cancel(api: &Api, args: &CancelArgs) -> Result<(), Failure> {
    if !confirm(&format!("cancel job {}?", args.id), args.yes)? {
        return Err(Failure::refused("nothing was changed"));
    }
    let body = json!({"reason": args.reason});
    let path = ["v1", "jobs", &args.id, "cancel"];
    let answer = api.call(Method::POST, &path, &[], Some(&body)).await?;
    output::note(&format!("job {} is cancelled", args.id));
    match args.output {
        Format::Table => Ok(()),
        Format::Json | Format::Ndjson => output::item(args.output, &answer.body),
    }
}

/// Shows the job, and whether it could be cancelled as it is now.
async fn preview_cancel(api: &Api, args: &CancelArgs) -> Result<Exit, Failure> {
    let job = api.get(&["v1", "jobs", &args.id], &[]).await?;
    output::list(args.output, std::slice::from_ref(&job), &JOB_COLUMNS)?;
    let state = field(&job, "state");
    if is_waiting(&job) {
        output::note(&format!("would cancel job {}; nothing was changed", args.id));
        return Ok(Exit::Done);
    }
    Err(Failure::refused(format!(
        "job {} is {state} and cannot be cancelled",
        args.id
    )))
}

/// Whether the job neither runs nor has ended.
fn is_waiting(job: &Value) -> bool {
    let waits = [State::Ready, State::Scheduled, State::Parked, State::Dead];
    waits.iter().any(|waiting| job["state"] == waiting.as_str())
}

async fn explained(api: &Api, id: &str) -> Result<Value, Failure> {
    api.get(&["v1", "jobs", id, "explain"], &[]).await
}

/// Prints an explanation; as a table with its sentence first and its steps last.
fn print_explanation(format: Format, explanation: &Value) -> Result<(), Failure> {
    if format != Format::Table {
        return output::item(format, explanation);
    }
    output::line(&field(explanation, "explanation"))?;
    output::line("")?;
    let mut rest = explanation.clone();
    if let Some(fields) = rest.as_object_mut() {
        fields.remove("explanation");
    }
    output::item(format, &rest)?;
    print_steps(explanation)
}

/// Prints how something is put right, if there is a way.
pub(super) fn print_steps(item: &Value) -> Result<(), Failure> {
    let steps = item["resolution"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !steps.is_empty() {
        output::line("\nto put it right:")?;
    }
    for (index, step) in steps.iter().enumerate() {
        output::line(&format!("  {}. {}", index + 1, text_of(step)))?;
    }
    Ok(())
}

/// Says on stderr that a list is not whole.
pub(crate) fn say_more(more: bool) {
    if more {
        output::note("there are more; raise --limit or narrow the filter");
    }
}

/// Prints a job; as a table with its attempts and what is known about its code.
pub(crate) fn print_job(format: Format, job: &Value) -> Result<(), Failure> {
    output::item(format, job)?;
    if format != Format::Table {
        return Ok(());
    }
    print_steps(job)?;
    let attempts = job["history"].as_array().map(Vec::as_slice).unwrap_or_default();
    if attempts.is_empty() {
        return Ok(());
    }
    output::line("")?;
    output::list(format, attempts, &ATTEMPT_COLUMNS)?;
    let mut details = attempts.iter().filter(|attempt| attempt["detail"].is_string());
    details.try_for_each(|attempt| output::line(&format!("detail: {}", field(attempt, "detail"))))
}

fn calls(attempt: &Value) -> String {
    let calls = attempt["calls"].as_array().map(Vec::as_slice).unwrap_or_default();
    let each: Vec<String> = calls
        .iter()
        .map(|call| format!("{} {}", field(call, "endpoint"), field(call, "status")))
        .collect();
    if each.is_empty() {
        "-".to_owned()
    } else {
        each.join(", ")
    }
}

fn by(attempt: &Value) -> String {
    match attempt["actor"].as_str() {
        Some(actor) => format!("{actor}: {}", field(attempt, "reason")),
        None => field(attempt, "worker"),
    }
}
