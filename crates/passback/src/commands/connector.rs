//! `passback connector list|show|validate|pause|resume|drain|remove`

use clap::{Args, Subcommand};
use passback_queue::Lane;
use reqwest::Method;
use serde_json::{Value, json};

use super::exam::MAX_EXAMS;
use super::pause::{DrainArgs, Kind, PauseArgs, ResumeArgs, drain, pause, resume};
use crate::api::Api;
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
    /// Let no new job of a connector begin.
    Pause(PauseArgs),
    /// Let a paused connector go on, at first with one job, then with more and more.
    Resume(ResumeArgs),
    /// Pause a connector and wait until nothing of it runs.
    Drain(DrainArgs),
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

/// More than the registry takes.
const MAX_CONNECTORS: usize = 100_000;

const COLUMNS: [Column; 9] = [
    column("ID", |connector| field(connector, "id")),
    column("NAME", |connector| field(connector, "name")),
    column("DOMAIN", |connector| field(connector, "domain")),
    column("VALIDATION", validation),
    column("GATE", |connector| field(&connector["gate"], "summary")),
    column("CALLS", calls),
    column("READY", ready),
    column("RUNNING", |connector| field(connector, "running")),
    column("BUDGET DONE", budget_done),
];

/// Runs a command on connectors.
pub(crate) async fn run(command: ConnectorCommand) -> Result<Exit, Failure> {
    let api = Api::from_environment()?;
    match command {
        ConnectorCommand::List(args) => {
            let (connectors, _) = api.list(&["v1", "connectors"], &[], MAX_CONNECTORS).await?;
            output::list(args.output, &connectors, &COLUMNS)?;
        }
        ConnectorCommand::Show(args) => {
            let connector = api.get(&["v1", "connectors", &args.id], &[]).await?;
            output::item(args.output, &connector)?;
            if args.output == Format::Table {
                print_standing(&connector)?;
            }
        }
        ConnectorCommand::Validate(args) => return validate(&api, &args).await,
        ConnectorCommand::Pause(args) => return pause(&api, Kind::Connector, &args.id, &args.flags).await,
        ConnectorCommand::Resume(args) => return resume(&api, Kind::Connector, &args.id, &args.flags).await,
        ConnectorCommand::Drain(args) => return drain(&api, Kind::Connector, &args.id, &args.flags).await,
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
    let (exams, _) = api.list(&["v1", "exams"], &[], MAX_EXAMS).await?;
    let users = exams.iter().filter(|exam| exam["connector"] == id);
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

/// How a connector stands, below its record.
fn print_standing(connector: &Value) -> Result<(), Failure> {
    output::line("")?;
    webhook(connector).iter().try_for_each(|line| output::line(line))?;
    output::line(&format!("gate      {}", gate(connector)))?;
    let pause = &connector["pause"];
    if !pause.is_null() {
        let (by, reason) = (field(pause, "actor"), field(pause, "reason"));
        output::line(&format!("paused    since {} by {by}: {reason}", field(pause, "since")))?;
    }
    output::line(&format!(
        "calls     {}, left: {}",
        calls(connector),
        per_lane(&connector["calls"]["left"])
    ))?;
    output::line(&format!("ready     {}", per_lane(&connector["ready"])))?;
    match connector["forecast"]["explanation"].as_str() {
        Some(explanation) => output::line(&format!("forecast  {explanation}")),
        None => Ok(()),
    }
}

/// A gate with its reason; one that opens again has it behind it.
fn gate(connector: &Value) -> String {
    let gate = &connector["gate"];
    let summary = field(gate, "summary");
    match gate["title"].as_str() {
        Some(title) if gate["state"] == "ramping" => format!("{summary}, after: {title}"),
        Some(title) => format!("{summary}: {title}"),
        None => summary,
    }
}

/// What Docebo must show when it calls, without the secrets; nothing where there are no webhooks.
fn webhook(connector: &Value) -> Vec<String> {
    let webhook = &connector["webhook"];
    if webhook.is_null() {
        return Vec::new();
    }
    let texts = |name: &str| {
        let texts = webhook[name].as_array().map(Vec::as_slice).unwrap_or_default();
        texts.iter().map(text_of).collect::<Vec<_>>()
    };
    let logins: Vec<String> = [field(webhook, "username")].into_iter().chain(texts("also")).collect();
    let mut sources = texts("sources").join(", ");
    if sources.is_empty() {
        "anywhere".clone_into(&mut sources);
    }
    let header = webhook["header"].as_str();
    let header = header.map_or_else(|| "none".to_owned(), crate::output::plain);
    vec![format!(
        "webhook   logins: {}; header: {header}; from: {sources}",
        logins.join(", ")
    )]
}

/// Calls of the last hour out of those that are allowed.
fn calls(connector: &Value) -> String {
    let calls = &connector["calls"];
    match calls["allowed"].as_u64() {
        Some(allowed) => format!("{}/{allowed}", field(calls, "used")),
        None => field(calls, "used"),
    }
}

fn ready(connector: &Value) -> String {
    let lanes = connector["ready"].as_object();
    let jobs: u64 = lanes.map_or(0, |lanes| lanes.values().filter_map(Value::as_u64).sum());
    jobs.to_string()
}

/// Lanes as people think of them, the urgent one first.
fn per_lane(numbers: &Value) -> String {
    let each = Lane::ALL.map(|lane| match numbers[lane.as_str()].as_u64() {
        Some(number) => format!("{lane} {number}"),
        None => format!("{lane} any number"),
    });
    each.join(", ")
}

/// When the budget allows the last call of what waits, or why that is not known.
fn budget_done(connector: &Value) -> String {
    let forecast = &connector["forecast"];
    let held = !connector["pause"].is_null() || !connector["gate"]["until"].is_null();
    match (forecast["reason"].as_str(), forecast["budget_done_at"].as_str()) {
        (None, _) => "-".to_owned(),
        (Some("within_budget" | "unlimited"), Some(_)) if !held => "at once".to_owned(),
        (Some(_), Some(at)) => at.to_owned(),
        (Some(reason), None) => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_that_opens_again_names_what_it_was_closed_for_as_past() {
        let gate_of = |state: &str, summary: &str| {
            gate(&json!({"gate": {"state": state, "summary": summary, "title": "Docebo cannot be reached"}}))
        };
        assert_eq!(
            gate_of("ramping", "ramping (window 16)"),
            "ramping (window 16), after: Docebo cannot be reached"
        );
        assert_eq!(gate_of("closed", "down"), "down: Docebo cannot be reached");
        assert_eq!(gate(&json!({"gate": {"summary": "open", "title": null}})), "open");
    }

    #[test]
    fn what_docebo_must_show_is_said_without_its_secrets() {
        let full = json!({"webhook": {
            "username": "docebo", "also": ["docebo-old"], "header": "X-Secret", "sources": ["203.0.113.0/24"],
        }});
        assert_eq!(
            webhook(&full),
            ["webhook   logins: docebo, docebo-old; header: X-Secret; from: 203.0.113.0/24"]
        );
        let bare = json!({"webhook": {"username": "docebo", "also": [], "header": null, "sources": []}});
        assert_eq!(
            webhook(&bare),
            ["webhook   logins: docebo; header: none; from: anywhere"]
        );
        assert!(webhook(&json!({"webhook": null})).is_empty());
    }

    #[test]
    fn a_standing_is_said_in_a_few_words() {
        let connector = json!({
            "calls": {"allowed": 800, "used": 120, "left": {"check": 600, "push": null, "background": 400}},
            "ready": {"check": 1, "push": 12, "background": 0},
            "forecast": {"reason": "gate_closed", "budget_done_at": null},
        });
        assert_eq!(calls(&connector), "120/800");
        assert_eq!(ready(&connector), "13");
        assert_eq!(
            per_lane(&connector["calls"]["left"]),
            "check 600, push any number, background 400"
        );
        assert_eq!(budget_done(&connector), "gate_closed");
        assert_eq!(budget_done(&json!({"forecast": null})), "-");
        let at = "2026-11-22T18:00:00Z";
        let mut enough = json!({"forecast": {"reason": "within_budget", "budget_done_at": at}});
        assert_eq!(budget_done(&enough), "at once");
        enough["pause"] = json!({"until": at});
        assert_eq!(budget_done(&enough), at);
    }
}
