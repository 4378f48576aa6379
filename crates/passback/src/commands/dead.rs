//! `passback dead list|groups|show|plan|redrive|discard|export`

use clap::{Args, Subcommand};
use passback_queue::JobId;
use reqwest::Method;
use serde_json::{Value, json};

use super::filter::{JobFilter, borrowed};
use super::job::{print_job, say_more};
use super::{dead_export, dead_plan, dead_run};
use crate::api::Api;
use crate::exit::{Exit, Failure};
use crate::output::{self, Column, Format, column, confirm, field, plain};

/// The most dead letters that one command changes.
const MAX_SELECTED: usize = 10_000;
/// Ids in one request.
const CHUNK_IDS: usize = 500;

/// What can be done with dead letters.
#[derive(Debug, Subcommand)]
pub(crate) enum DeadCommand {
    /// List dead letters.
    List(ListArgs),
    /// Count dead letters by cause and connector: who acts, and whether they can be run again.
    Groups(dead_plan::GroupsArgs),
    /// Show one dead letter with its attempts and how to put it right.
    Show(ShowArgs),
    /// Freeze a set of dead letters, to be redriven or discarded at a pace; nothing is changed yet.
    Plan(dead_plan::PlanArgs),
    /// List the plans of the last day.
    Plans(dead_plan::PlansArgs),
    /// Watch a plan that runs.
    Watch(dead_run::WatchArgs),
    /// Stop a plan that runs; it can go on later.
    Stop(dead_run::StopArgs),
    /// Let dead letters run again.
    Redrive(ChangeArgs),
    /// Give dead letters up, for good.
    Discard(ChangeArgs),
    /// Print all dead letters with their history, one line of JSON each.
    Export(dead_export::ExportArgs),
}

/// Which dead letters to list.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    filter: JobFilter,
    /// The most dead letters to list.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
    /// How to print them.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// Which dead letter to show.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The job's id.
    id: String,
    /// How to print it.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// Which dead letters to change, and why.
#[derive(Debug, Args)]
pub(crate) struct ChangeArgs {
    /// The jobs' ids.
    ids: Vec<String>,
    #[command(flatten)]
    filter: JobFilter,
    /// All dead letters.
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    #[command(flatten)]
    run: dead_run::RunArgs,
    /// Why; stands in the jobs' history and in the audit trail.
    #[arg(long)]
    reason: Option<String>,
    /// Show what would be changed, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
    /// How to print what became of each.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

const DEAD_COLUMNS: [Column; 8] = [
    column("ID", |job| field(job, "id")),
    column("KIND", |job| field(job, "kind")),
    column("CONNECTOR", |job| field(job, "connector")),
    column("RESULT", |job| field(job, "result_id")),
    column("CODE", |job| field(job, "code")),
    column("TITLE", |job| field(job, "title")),
    column("WHO ACTS", |job| field(job, "who_acts")),
    column("SINCE", |job| field(job, "since")),
];

const VERDICT_COLUMNS: [Column; 3] = [
    column("ID", |verdict| field(verdict, "id")),
    column("STATUS", |verdict| field(verdict, "status")),
    column("TITLE", |verdict| field(verdict, "title")),
];

/// The two changes of a dead letter.
#[derive(Debug, Clone, Copy)]
enum Change {
    Redrive,
    Discard,
}

impl Change {
    fn verb(self) -> &'static str {
        match self {
            Self::Redrive => "redrive",
            Self::Discard => "discard",
        }
    }
}

/// Runs a command on dead letters.
pub(crate) async fn run(command: DeadCommand) -> Result<Exit, Failure> {
    let api = Api::from_environment()?;
    match command {
        DeadCommand::List(args) => {
            let query = args.filter.query(false)?;
            let (jobs, more) = api
                .list(&["v1", "dead-letters"], &borrowed(&query), args.limit.into())
                .await?;
            output::list(args.output, &jobs, &DEAD_COLUMNS)?;
            say_more(more);
            Ok(Exit::Done)
        }
        DeadCommand::Show(args) => {
            let job = api.get(&["v1", "dead-letters", &args.id], &[]).await?;
            print_job(args.output, &job)?;
            Ok(Exit::Done)
        }
        DeadCommand::Groups(args) => dead_plan::groups(&api, args).await,
        DeadCommand::Plan(args) => dead_plan::make(&api, args).await,
        DeadCommand::Plans(args) => dead_plan::list(&api, args).await,
        DeadCommand::Watch(args) => dead_run::watch(&api, args).await,
        DeadCommand::Stop(args) => dead_run::stop(&api, args).await,
        DeadCommand::Export(args) => dead_export::run(&api, args).await,
        DeadCommand::Redrive(args) => change(&api, Change::Redrive, args).await,
        DeadCommand::Discard(args) => change(&api, Change::Discard, args).await,
    }
}

async fn change(api: &Api, change: Change, args: ChangeArgs) -> Result<Exit, Failure> {
    let verb = change.verb();
    let reason = args.reason.as_deref().filter(|reason| !reason.trim().is_empty());
    if let Some(plan) = args.run.plan.as_deref() {
        if !args.filter.is_empty() {
            return Err(Failure::usage("a plan and a filter cannot go together").fix("give the one or the other"));
        }
        let start = dead_run::Start {
            verb,
            plan,
            reason,
            yes: args.yes,
            dry_run: args.dry_run,
            output: args.output,
        };
        return dead_run::start(api, start, &args.run).await;
    }
    check_ids(&args.ids)?;
    let jobs = select(api, &args).await?;
    if jobs.is_empty() {
        output::note("no dead letter matches");
        return Ok(Exit::Done);
    }
    if args.dry_run {
        return preview(api, verb, &jobs, args.output).await;
    }
    let reason = reason.ok_or_else(|| {
        Failure::usage("a reason is needed").fix("say --reason \"…\"; it stands in the history and in the audit trail")
    })?;
    if !confirm(&format!("{verb} {} dead letter(s)?", jobs.len()), args.yes)? {
        return Err(Failure::refused("nothing was changed"));
    }
    let ids: Vec<&Value> = jobs.iter().map(|job| &job["id"]).collect();
    let mut verdicts = Vec::new();
    for chunk in ids.chunks(CHUNK_IDS) {
        let body = json!({"ids": chunk, "reason": reason});
        let answer = api
            .call(Method::POST, &["v1", "dead-letters", verb], &[], Some(&body))
            .await?
            .body;
        verdicts.extend(answer["items"].as_array().cloned().unwrap_or_default());
    }
    output::list(args.output, &verdicts, &VERDICT_COLUMNS)?;
    Ok(exit_of(&verdicts))
}

/// What is no id of a job changes nothing, neither in a dry run nor for real.
fn check_ids(ids: &[String]) -> Result<(), Failure> {
    let wrong: Vec<&String> = ids.iter().filter(|id| id.parse::<JobId>().is_err()).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    let failure = Failure::refused("not every id is a job's; nothing was changed");
    let failure = wrong.iter().fold(failure, |failure, id| {
        failure.detail(format!("{}: not a job id", plain(id)))
    });
    Err(failure.fix("see the ids with: passback dead list"))
}

/// Not found only if nothing at all was found.
fn exit_of(verdicts: &[Value]) -> Exit {
    if verdicts.iter().all(|verdict| verdict["code"].is_null()) {
        Exit::Done
    } else if verdicts.iter().all(|verdict| verdict["status"] == "not_found") {
        Exit::NotFound
    } else {
        Exit::Refused
    }
}

/// Shows what would be changed, and what of it is no dead letter.
async fn preview(api: &Api, verb: &str, jobs: &[Value], format: Format) -> Result<Exit, Failure> {
    let mut found = Vec::new();
    for job in jobs {
        // A job that came from a list is whole already; one that was named is only its id.
        if !job["kind"].is_null() {
            found.push(job.clone());
            continue;
        }
        let id = field(job, "id");
        match api.find(&["v1", "dead-letters", &id]).await? {
            Some(job) => found.push(job),
            None => output::note(&format!("{id} is no dead letter")),
        }
    }
    output::list(format, &found, &DEAD_COLUMNS)?;
    output::note(&format!("would {verb} {}; nothing was changed", found.len()));
    Ok(if found.len() == jobs.len() {
        Exit::Done
    } else if found.is_empty() {
        Exit::NotFound
    } else {
        Exit::Refused
    })
}

/// The dead letters that were named, or that the filter matches.
async fn select(api: &Api, args: &ChangeArgs) -> Result<Vec<Value>, Failure> {
    if !args.ids.is_empty() {
        if !args.filter.is_empty() {
            return Err(Failure::usage("ids and a filter cannot go together").fix("give the one or the other"));
        }
        return Ok(args.ids.iter().map(|id| json!({"id": id})).collect());
    }
    if args.filter.is_empty() && !args.all {
        return Err(Failure::usage("which dead letters is not said").fix("give ids, a filter, or --all"));
    }
    let query = args.filter.query(false)?;
    let (jobs, more) = api
        .list(&["v1", "dead-letters"], &borrowed(&query), MAX_SELECTED)
        .await?;
    if more {
        output::note(&format!(
            "only the first {MAX_SELECTED} are taken; repeat the command for the rest"
        ));
    }
    Ok(jobs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_id_is_refused_before_anything_is_looked_at() {
        let good = "01M81JKZEXEQGAQR5BYDA58DXT".to_owned();
        assert!(check_ids(std::slice::from_ref(&good)).is_ok());
        let failure = check_ids(&[good, "nope".to_owned()]).unwrap_err();
        assert_eq!(
            (failure.exit, failure.details),
            (Exit::Refused, vec!["nope: not a job id".to_owned()])
        );
    }

    #[test]
    fn a_change_that_found_nothing_ends_as_not_found() {
        let ready = json!({"status": "ready"});
        let unknown = json!({"status": "not_found", "code": "not_found"});
        let living = json!({"status": "not_dead", "code": "not_dead"});
        assert_eq!(exit_of(std::slice::from_ref(&ready)), Exit::Done);
        assert_eq!(exit_of(&[unknown.clone(), unknown.clone()]), Exit::NotFound);
        assert_eq!(exit_of(&[ready, unknown]), Exit::Refused);
        assert_eq!(exit_of(&[living]), Exit::Refused);
    }
}
