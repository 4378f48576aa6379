//! `passback result show|list|decide`

use clap::{Args, Subcommand, ValueEnum};
use reqwest::Method;
use serde_json::{Value, json};

use super::filter::borrowed;
use super::job::say_more;
use super::reason::reason;
use super::result_view::{note_case, print_result};
use crate::api::Api;
use crate::exit::{Exit, Failure};
use crate::output::{self, Column, Format, column, confirm, field};

/// What can be done with results.
#[derive(Debug, Subcommand)]
pub(crate) enum ResultCommand {
    /// Show one result: where it stands, why, every step; and the values side by side where a person must decide.
    Show(ShowArgs),
    /// List results that were accepted and are not at their end, oldest first.
    List(ListArgs),
    /// Decide what happens to a result that waits for a person: Docebo's value stays, or the result is written.
    Decide(DecideArgs),
}

/// Which result to show.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The result's id.
    id: String,
    /// How to print it.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// Which results to list.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only those that take longer than the server's `ledger.overdue_after`.
    #[arg(long, conflicts_with = "older_than")]
    overdue: bool,
    /// Only those accepted longer ago, such as 90s, 15m, 24h or 7d.
    #[arg(long)]
    older_than: Option<String>,
    /// The most results to list.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
    /// How to print them.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// What is decided about which result, and why.
#[derive(Debug, Args)]
pub(crate) struct DecideArgs {
    /// The result's id.
    id: String,
    /// What happens to it.
    #[arg(value_enum)]
    decision: Decision,
    /// Why; stands in the result's history and in the audit trail.
    #[arg(long, required_unless_present = "dry_run", value_parser = reason)]
    reason: Option<String>,
    /// Show the case that would be decided, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
    /// How to print the result as it stands then.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// The two ways out of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Decision {
    /// What Docebo holds stays; the result is not written and ends as discarded.
    KeepTheirs,
    /// The result is written over what Docebo holds.
    WriteOurs,
}

impl Decision {
    fn word(self) -> &'static str {
        match self {
            Self::KeepTheirs => "keep_theirs",
            Self::WriteOurs => "write_ours",
        }
    }

    fn question(self, id: &str) -> String {
        match self {
            Self::KeepTheirs => format!("keep Docebo's value and end {id} unwritten?"),
            Self::WriteOurs => format!("write {id} over what Docebo holds?"),
        }
    }
}

const OPEN_COLUMNS: [Column; 9] = [
    column("RESULT", |result| field(result, "result_id")),
    column("EXAM", |result| field(result, "exam_id")),
    column("CONNECTOR", |result| field(result, "connector")),
    column("STATE", |result| field(result, "state")),
    column("CODE", |result| field(result, "code")),
    column("WHO ACTS", |result| field(result, "who_acts")),
    column("ATTEMPTS", |result| field(result, "attempts")),
    column("SINCE", |result| field(result, "since")),
    column("NEXT", |result| field(result, "next_at")),
];

/// Runs a command on results.
pub(crate) async fn run(command: ResultCommand) -> Result<Exit, Failure> {
    let api = Api::from_environment()?;
    match command {
        ResultCommand::Show(args) => {
            let result = api.get(&["v1", "results", &args.id], &[]).await?;
            print_result(args.output, &result)?;
        }
        ResultCommand::List(args) => list(&api, args).await?,
        ResultCommand::Decide(args) => decide(&api, &args).await?,
    }
    Ok(Exit::Done)
}

async fn list(api: &Api, args: ListArgs) -> Result<(), Failure> {
    let mut query = vec![("open", "true".to_owned())];
    if args.overdue {
        query.push(("overdue", "true".to_owned()));
    }
    query.extend(args.older_than.map(|age| ("older_than", age)));
    let (results, more) = api
        .list(&["v1", "results"], &borrowed(&query), args.limit.into())
        .await?;
    output::list(args.output, &results, &OPEN_COLUMNS)?;
    say_more(more);
    Ok(())
}

/// Shows the case, asks, and decides about the very case that was shown.
async fn decide(api: &Api, args: &DecideArgs) -> Result<(), Failure> {
    let (id, word) = (args.id.as_str(), args.decision.word());
    let result = api.get(&["v1", "results", id], &[]).await?;
    let case = &result["case"];
    if case.is_null() {
        let state = field(&result, "state");
        return Err(
            Failure::refused(format!("{id} is {state} and waits for nobody's decision"))
                .fix(format!("see where it stands: passback result show {id}")),
        );
    }
    note_case(case);
    let path = ["v1", "results", id, "decision"];
    let mut body = json!({"decision": word, "seen": case["found_at"]});
    if args.dry_run {
        let query = [("dry_run", "true")];
        let answer = api.call(Method::POST, &path, &query, Some(&body)).await?;
        output::note(&format!("would decide {word} for {id}; nothing was changed"));
        return print_after(args.output, &answer.body);
    }
    if !confirm(&args.decision.question(id), args.yes)? {
        return Err(Failure::refused("nothing was decided"));
    }
    body["reason"] = json!(args.reason);
    let answer = api.call(Method::POST, &path, &[], Some(&body)).await?;
    output::note(&format!("{id}: {word}; it is {} now", field(&answer.body, "state")));
    print_after(args.output, &answer.body)
}

/// Prints the result for programs; people have read all there is to say.
fn print_after(format: Format, result: &Value) -> Result<(), Failure> {
    match format {
        Format::Table => Ok(()),
        Format::Json | Format::Ndjson => output::item(format, result),
    }
}
