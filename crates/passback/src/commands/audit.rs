//! `passback audit list`

use clap::{Args, Subcommand};

use crate::api::{Api, items};
use crate::exit::{Exit, Failure};
use crate::output::{self, Column, Format, column, field};

/// What can be done with the audit trail.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// List who changed what, when and why; the latest first.
    List(ListArgs),
}

/// How much to list.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// The most entries to list.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
    /// How to print them.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

const COLUMNS: [Column; 6] = [
    column("AT", |entry| field(entry, "at")),
    column("ACTOR", |entry| field(entry, "actor")),
    column("ACTION", |entry| field(entry, "action")),
    column("TARGET", |entry| field(entry, "target")),
    column("REASON", |entry| field(entry, "reason")),
    column("DETAIL", |entry| field(entry, "detail")),
];

/// Runs a command on the audit trail.
pub(crate) async fn run(command: AuditCommand) -> Result<Exit, Failure> {
    let AuditCommand::List(args) = command;
    let api = Api::from_environment()?;
    let limit = args.limit.to_string();
    let page = api
        .get(&["v1", "audit"], &[("recent", "true"), ("limit", &limit)])
        .await?;
    output::list(args.output, items(&page), &COLUMNS)?;
    Ok(Exit::Done)
}
