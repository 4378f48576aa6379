//! `passback connector list|show|validate|remove`

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::Value;

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
    #[arg(long)]
    pub(crate) reason: String,
    /// Do not ask.
    #[arg(short, long)]
    pub(crate) yes: bool,
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
        ConnectorCommand::Remove(args) => remove(&api, "connectors", "connector", &args).await?,
    }
    Ok(Exit::Done)
}

/// Removes a connector or an exam.
pub(crate) async fn remove(api: &Api, route: &str, word: &str, args: &RemoveArgs) -> Result<(), Failure> {
    if !confirm(&format!("remove {word} {}?", args.id), args.yes)? {
        return Err(Failure::refused("nothing was changed"));
    }
    api.call(
        Method::DELETE,
        &["v1", route, &args.id],
        &[("reason", &args.reason)],
        None,
    )
    .await?;
    output::note(&format!("{word} {} is removed", args.id));
    Ok(())
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
