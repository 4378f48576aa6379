//! `passback connector list|show|validate|remove`

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, items};
use crate::exit::{Exit, Failure};
use crate::output::{self, Column, Format, column, confirm, field, text_of};

/// What can be done with connectors.
#[derive(Debug, Subcommand)]
pub(crate) enum ConnectorCommand {
    /// List connectors.
    List(PrintArgs),
    /// Show one connector, without its secrets.
    Show(OneArgs),
    /// Try a connector's credentials; if they are good, jobs that wait for them go on.
    Validate(OneArgs),
    /// Remove a connector that no exam uses.
    Remove(RemoveArgs),
}

/// How to print.
#[derive(Debug, Args)]
pub(crate) struct PrintArgs {
    /// How to print.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) output: Format,
}

/// Which one, and how to print it.
#[derive(Debug, Args)]
pub(crate) struct OneArgs {
    /// The id.
    pub(crate) id: String,
    /// How to print it.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) output: Format,
}

/// Which one to remove, and why.
#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// The id.
    pub(crate) id: String,
    /// Why; stands in the audit trail.
    #[arg(long, required_unless_present = "dry_run")]
    pub(crate) reason: Option<String>,
    /// Show what would be removed, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask.
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// How to print what was removed, or would be.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) output: Format,
}

const COLUMNS: [Column; 6] = [
    column("ID", |connector| field(connector, "id")),
    column("NAME", |connector| field(connector, "name")),
    column("DOMAIN", |connector| field(connector, "domain")),
    column("CALLS/H", |connector| field(connector, "calls_per_hour")),
    column("VALIDATED", |connector| field(connector, "validated_at")),
    column("VALIDATION", validation),
];

/// Runs a command on connectors.
pub(crate) async fn run(command: ConnectorCommand) -> Result<Exit, Failure> {
    let api = Api::from_environment()?;
    match command {
        ConnectorCommand::List(args) => {
            let page = api.get(&["v1", "connectors"], &[]).await?;
            output::list(args.output, items(&page), &COLUMNS)?;
        }
        ConnectorCommand::Show(args) => {
            let connector = api.get(&["v1", "connectors", &args.id], &[]).await?;
            output::item(args.output, &connector)?;
        }
        ConnectorCommand::Validate(args) => return validate(&api, &args).await,
        ConnectorCommand::Remove(args) => {
            if args.dry_run {
                refuse_used(&api, &args.id).await?;
            }
            remove(&api, "connectors", "connector", &args).await?;
        }
    }
    Ok(Exit::Done)
}

/// Removes a connector or an exam.
pub(crate) async fn remove(api: &Api, route: &str, word: &str, args: &RemoveArgs) -> Result<(), Failure> {
    let path = ["v1", route, &args.id];
    if args.dry_run {
        let found = api.get(&path, &[]).await?;
        output::item(args.output, &found)?;
        output::note(&format!("would remove {word} {}; nothing was changed", args.id));
        return Ok(());
    }
    if !confirm(&format!("remove {word} {}?", args.id), args.yes)? {
        return Err(Failure::refused("nothing was changed"));
    }
    let reason = args.reason.as_deref().unwrap_or_default();
    api.call(Method::DELETE, &path, &[("reason", reason)], None).await?;
    output::note(&format!("{word} {} is removed", args.id));
    match args.output {
        Format::Table => Ok(()),
        Format::Json | Format::Ndjson => output::item(args.output, &json!({"id": args.id, "status": "removed"})),
    }
}

/// The server refuses to remove a connector that exams use; so does a dry run.
async fn refuse_used(api: &Api, id: &str) -> Result<(), Failure> {
    let page = api.get(&["v1", "exams"], &[]).await?;
    let users = items(&page).iter().filter(|exam| exam["connector"] == id);
    let exams: Vec<String> = users.map(|exam| field(exam, "id")).collect();
    if exams.is_empty() {
        return Ok(());
    }
    Err(
        Failure::refused(format!("connector {id} is used by exams: {}", exams.join(", ")))
            .fix("remove these exams first, or let them use another connector"),
    )
}

async fn validate(api: &Api, args: &OneArgs) -> Result<Exit, Failure> {
    let path = ["v1", "connectors", &args.id, "validate"];
    let validation = api.call(Method::POST, &path, &[], None).await?.body;
    output::item(args.output, &validation)?;
    if validation["ok"] == Value::Bool(true) {
        return Ok(Exit::Done);
    }
    let steps = validation["resolution"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let failure = Failure::failed(format!("connector {}: {}", args.id, field(&validation, "title")));
    Err(steps.iter().fold(failure, |failure, step| failure.fix(text_of(step))))
}

fn validation(connector: &Value) -> String {
    match (connector["validated_at"].is_null(), connector["validation"].as_str()) {
        (_, Some(code)) => code.to_owned(),
        (true, None) => "-".to_owned(),
        (false, None) => "ok".to_owned(),
    }
}
