//! `passback webhook list|show|replay|send-sample`

use std::time::Duration;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::reason::reason;
use super::webhook_sample::{self, SampleArgs};
use crate::api::{Answer, Api};
use crate::exit::{Exit, Failure};
use crate::output::{self, Column, Format, column, confirm, field, plain, text_of};

/// Events that one call replays.
const MAX_REPLAYED: usize = 1_000;
/// How long one look waits for news.
const LOOK: &str = "30s";
/// The pause after a look that was not answered: the server is away, or has too much to do.
const RETRY: Duration = Duration::from_secs(2);
/// Events on one page.
const PAGE_EVENTS: usize = 200;

/// What can be done with Docebo's webhooks.
#[derive(Debug, Subcommand)]
pub(crate) enum WebhookCommand {
    /// List what Docebo has told, the latest first.
    List(ListArgs),
    /// Show an event: what Docebo sent, and what came of it.
    Show(ShowArgs),
    /// React to events once more. Safe at any time: what they have brought about already is not done twice.
    Replay(ReplayArgs),
    /// Post a sample of an event to a running server, as Docebo would.
    ///
    /// It is taken for real: with the ids of an enrolment that passback has written, it confirms the result, or says that
    /// somebody else has changed it. Without --set it carries the ids of Docebo's own example.
    SendSample(SampleArgs),
}

/// Which events.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only these: names, or beginnings such as `course.*`, with commas between them.
    #[arg(long)]
    event: Option<String>,
    /// Only those of this connector.
    #[arg(long)]
    connector: Option<String>,
    /// The most events to list.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
    /// Print what comes from now on, the oldest first, until stopped.
    #[arg(long, conflicts_with = "limit")]
    follow: bool,
    /// Show names and addresses of people; stands in the audit trail.
    #[arg(long)]
    reveal: bool,
    /// How to print them.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// Which event.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The event's id.
    id: String,
    /// Show names and addresses of people; stands in the audit trail.
    #[arg(long)]
    reveal: bool,
    /// How to print it.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// Which events, and why.
#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The events' ids.
    #[arg(required = true)]
    ids: Vec<String>,
    /// Why; stands in the audit trail.
    #[arg(long, required_unless_present = "dry_run", value_parser = reason)]
    reason: Option<String>,
    /// Show the events, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
    /// How to print what became of each.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

const COLUMNS: [Column; 7] = [
    column("ID", |event| field(event, "id")),
    column("RECEIVED", |event| field(event, "received_at")),
    column("CONNECTOR", |event| field(event, "connector")),
    column("EVENT", |event| field(event, "event")),
    column("FIRED", |event| field(event, "fired_at")),
    column("REACTION", reaction),
    column("RESULT", |event| field(&event["reaction"], "result_id")),
];

const REPLAYED: [Column; 3] = [
    column("ID", |item| field(item, "id")),
    column("STATUS", |item| field(item, "status")),
    column("JOB", |item| field(item, "job_id")),
];

/// What came of an event: the outcome where there is one, else how far it is.
fn reaction(event: &Value) -> String {
    if event["status"] == "not_found" {
        return "not_found".to_owned();
    }
    let reaction = &event["reaction"];
    let outcome = reaction["outcome"].as_str();
    outcome.map_or_else(|| field(reaction, "state"), str::to_owned)
}

/// Runs a command on webhooks.
pub(crate) async fn run(command: WebhookCommand) -> Result<Exit, Failure> {
    let api = Api::from_environment()?;
    match command {
        WebhookCommand::List(args) if args.follow => follow(&api, &args).await,
        WebhookCommand::List(args) => list(&api, &args).await,
        WebhookCommand::Show(args) => show(&api, &args).await,
        WebhookCommand::Replay(args) => replay(&api, args).await,
        WebhookCommand::SendSample(args) => webhook_sample::send(&api, args).await,
    }
}

fn filters(args: &ListArgs) -> Vec<(&str, &str)> {
    let given = [
        ("event", args.event.as_deref()),
        ("connector", args.connector.as_deref()),
    ];
    let given = given.into_iter().filter_map(|(name, value)| Some((name, value?)));
    given.chain(args.reveal.then_some(("reveal", "true"))).collect()
}

async fn list(api: &Api, args: &ListArgs) -> Result<Exit, Failure> {
    let wanted = usize::from(args.limit);
    let mut events: Vec<Value> = Vec::new();
    let mut cursor: Option<String> = None;
    let more = loop {
        let limit = (wanted - events.len()).clamp(1, PAGE_EVENTS).to_string();
        let mut query = filters(args);
        query.extend([("newest_first", "true"), ("limit", limit.as_str())]);
        if let Some(cursor) = &cursor {
            query.push(("after", cursor));
        }
        let page = api.get(&["v1", "docebo-events"], &query).await?;
        events.extend(page["events"].as_array().into_iter().flatten().cloned());
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        let more = page["more"] == true;
        if !more || cursor.is_none() || events.len() >= wanted {
            break more;
        }
    };
    output::list(args.output, &events, &COLUMNS)?;
    if more {
        output::note("there are more; raise --limit, or name events with --event");
    }
    Ok(Exit::Done)
}

/// Prints events as they come; ends with the server or with a signal.
async fn follow(api: &Api, args: &ListArgs) -> Result<Exit, Failure> {
    let format = match args.output {
        // Rows one by one need no heading each.
        Format::Table | Format::Ndjson => args.output,
        Format::Json => return Err(Failure::usage("what never ends is no JSON document").fix("use -o ndjson")),
    };
    let path = ["v1", "docebo-events"];
    // Does not wait, so that the place is known from here on, and what is wrong with the call is said at once.
    let mut query = filters(args);
    query.extend([("after", "latest"), ("limit", "1")]);
    let begin = api.get(&path, &query).await?;
    let mut after = begin["next_cursor"].as_str().unwrap_or("latest").to_owned();
    let mut failed_before = false;
    loop {
        let mut query = filters(args);
        query.extend([("after", after.as_str()), ("wait", LOOK)]);
        let page = match api.get(&path, &query).await {
            Err(failure) if failure.exit == Exit::Unavailable => {
                if !failed_before {
                    output::note(&format!("{}; trying again", failure.sentence));
                }
                failed_before = true;
                tokio::time::sleep(RETRY).await;
                continue;
            }
            answer => answer?,
        };
        failed_before = false;
        for event in page["events"].as_array().into_iter().flatten() {
            match format {
                Format::Table => {
                    let cells: Vec<String> = COLUMNS.iter().map(|column| (column.cell)(event)).collect();
                    output::line(&cells.join("  "))?;
                }
                Format::Ndjson | Format::Json => output::line(&event.to_string())?,
            }
        }
        if let Some(next) = page["next_cursor"].as_str() {
            next.clone_into(&mut after);
        }
    }
}

async fn show(api: &Api, args: &ShowArgs) -> Result<Exit, Failure> {
    let event = read(api, &args.id, args.reveal).await?;
    output::item(args.output, &event)?;
    if args.output == Format::Table {
        for (name, value) in [("reaction", &event["reaction"]), ("payload", &event["payload"])] {
            output::line(&format!("\n{name}"))?;
            for (field, value) in value.as_object().into_iter().flatten() {
                output::line(&format!("  {:32}{}", plain(field), text_of(value)))?;
            }
        }
    }
    Ok(Exit::Done)
}

async fn read(api: &Api, id: &str, reveal: bool) -> Result<Value, Failure> {
    let query: &[(&str, &str)] = if reveal { &[("reveal", "true")] } else { &[] };
    api.get(&["v1", "docebo-events", id], query).await
}

async fn replay(api: &Api, args: ReplayArgs) -> Result<Exit, Failure> {
    if args.dry_run {
        return preview(api, &args).await;
    }
    if !confirm(&format!("react once more to {} event(s)?", args.ids.len()), args.yes)? {
        return Err(Failure::refused("nothing was changed"));
    }
    let (items, failed) = replayed(api, &args.ids, args.reason.as_deref()).await;
    if !items.is_empty() || failed.is_none() {
        output::list(args.output, &items, &REPLAYED)?;
    }
    if let Some(failure) = failed {
        let (done, all) = (items.len(), args.ids.len());
        return Err(failure.detail(format!("{done} of {all} events were replayed before that")));
    }
    Ok(exit_of(&items))
}

/// Shows what would be replayed, and what cannot be, by the same verdicts as the replay itself.
async fn preview(api: &Api, args: &ReplayArgs) -> Result<Exit, Failure> {
    let mut events = Vec::new();
    for id in &args.ids {
        let found = api.find(&["v1", "docebo-events", id]).await?;
        if found.is_none() {
            output::note(&format!("{}: not_found", plain(id)));
        }
        events.push(found.unwrap_or_else(|| json!({"id": id, "status": "not_found"})));
    }
    output::list(args.output, &events, &COLUMNS)?;
    output::note("this was a dry run; nothing was changed");
    Ok(exit_of(&events))
}

fn exit_of(items: &[Value]) -> Exit {
    let missing = items.iter().any(|item| item["status"] == "not_found");
    if missing { Exit::Failed } else { Exit::Done }
}

/// What became of each event, and why there are no more where a call failed: what was done is said all the same.
async fn replayed(api: &Api, ids: &[String], reason: Option<&str>) -> (Vec<Value>, Option<Failure>) {
    let mut items = Vec::new();
    for ids in ids.chunks(MAX_REPLAYED) {
        let body = json!({"ids": ids, "reason": reason});
        let path = ["v1", "docebo-events", "replay"];
        match api.call(Method::POST, &path, &[], Some(&body)).await {
            Ok(Answer { body, .. }) => items.extend(body["items"].as_array().into_iter().flatten().cloned()),
            Err(failure) => return (items, Some(failure)),
        }
    }
    (items, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::stub;

    #[tokio::test]
    async fn what_was_replayed_is_known_although_a_later_call_failed() {
        let items: Vec<Value> = (0..MAX_REPLAYED)
            .map(|number| json!({"id": number, "status": "queued"}))
            .collect();
        let url = stub::answering(vec![
            stub::whole("200 OK", &json!({"items": items}).to_string()),
            stub::whole("503 Service Unavailable", "{}"),
        ]);
        let api = Api::new(&url.address, None).unwrap();
        let ids: Vec<String> = (0..=MAX_REPLAYED).map(|number| number.to_string()).collect();
        let (done, failed) = replayed(&api, &ids, Some("once more")).await;
        assert_eq!(done, items);
        assert!(failed.is_some());
    }

    #[test]
    fn an_event_that_is_not_there_is_told_alike_for_real_and_in_a_dry_run() {
        let missing = json!({"id": "nope", "status": "not_found"});
        assert_eq!(reaction(&missing), "not_found");
        assert_eq!(
            exit_of(&[json!({"id": "1-0", "status": "queued"}), missing]),
            Exit::Failed
        );
        assert_eq!(exit_of(&[json!({"id": "1-0", "reaction": {}})]), Exit::Done);
    }
}
