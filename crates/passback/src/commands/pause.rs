//! Pausing, resuming and draining, for connectors, lanes and workers alike.

use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};

use super::drain::{running, wait_until_drained};
use crate::api::Api;
use crate::config::parse_duration;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, confirm};

/// What can be paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Connector,
    Lane,
    Worker,
}

impl Kind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Connector => "connector",
            Self::Lane => "lane",
            Self::Worker => "worker",
        }
    }

    pub(crate) fn route(self) -> &'static str {
        match self {
            Self::Connector => "connectors",
            Self::Lane => "lanes",
            Self::Worker => "workers",
        }
    }
}

/// Why, and how to go about it.
#[derive(Debug, Args)]
pub(crate) struct ChangeFlags {
    /// Why; stands beside the pause and in the audit trail.
    #[arg(long, required_unless_present = "dry_run")]
    pub(crate) reason: Option<String>,
    /// Show what would be changed, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask.
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// How to print it as it is then.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) output: Format,
}

impl ChangeFlags {
    /// The reason; what changes nothing needs none of its own.
    fn reason(&self) -> &str {
        self.reason.as_deref().unwrap_or("dry run")
    }
}

/// When a pause ends by itself; without either, it lasts until somebody resumes.
#[derive(Debug, Default, Args)]
pub(crate) struct EndFlags {
    /// How long it lasts: 90s, 30m, 2h, 7d; without it or --until, until somebody resumes.
    #[arg(id = "for", long = "for", value_name = "LENGTH", conflicts_with = "until")]
    pub(crate) lasts: Option<String>,
    /// When it ends, like 2026-11-22T18:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
}

/// How to pause.
#[derive(Debug, Args)]
pub(crate) struct PauseFlags {
    #[command(flatten)]
    pub(crate) end: EndFlags,
    #[command(flatten)]
    pub(crate) change: ChangeFlags,
}

/// How to drain.
#[derive(Debug, Args)]
pub(crate) struct DrainFlags {
    #[command(flatten)]
    pub(crate) end: EndFlags,
    /// How long to wait until nothing runs any more; 0s does not wait.
    #[arg(long, default_value = "60s", value_name = "LENGTH")]
    pub(crate) wait: String,
    #[command(flatten)]
    pub(crate) change: ChangeFlags,
}

/// Which connector or worker to pause, and how.
#[derive(Debug, Args)]
pub(crate) struct PauseArgs {
    /// The id.
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) flags: PauseFlags,
}

/// Which connector or worker to resume.
#[derive(Debug, Args)]
pub(crate) struct ResumeArgs {
    /// The id.
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) flags: ChangeFlags,
}

/// Which connector to drain, and how long to wait for it.
#[derive(Debug, Args)]
pub(crate) struct DrainArgs {
    /// The id.
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) flags: DrainFlags,
}

/// Pauses something.
pub(crate) async fn pause(api: &Api, kind: Kind, id: &str, flags: &PauseFlags) -> Result<Exit, Failure> {
    let body = pause_body("pause", &flags.end, &flags.change);
    let change = Change {
        kind,
        id,
        verb: "pause",
        route: "pause",
        body,
    };
    if let Some(answer) = change.make(api, &flags.change).await? {
        output::note(&format!("{} {id} is {}", kind.word(), paused_words(&answer)));
        print(flags.change.output, &answer)?;
    }
    Ok(Exit::Done)
}

/// Ends a pause.
pub(crate) async fn resume(api: &Api, kind: Kind, id: &str, flags: &ChangeFlags) -> Result<Exit, Failure> {
    let change = Change {
        kind,
        id,
        verb: "resume",
        route: "resume",
        body: json!({"reason": flags.reason()}),
    };
    if let Some(answer) = change.make(api, flags).await? {
        let what = if answer["changed"] == Value::Bool(true) {
            "goes on"
        } else {
            "was not paused; nothing was changed"
        };
        output::note(&format!("{} {id} {what}", kind.word()));
        print(flags.output, &answer)?;
    }
    Ok(Exit::Done)
}

/// Pauses something and waits until nothing of it runs any more.
pub(crate) async fn drain(api: &Api, kind: Kind, id: &str, flags: &DrainFlags) -> Result<Exit, Failure> {
    let wait = parse_duration(&flags.wait).ok_or_else(|| {
        Failure::usage(format!("--wait {} is not a length of time", flags.wait)).fix("write 90s, 30m or 2h")
    })?;
    // A drained worker ends: its pause has no end of its own.
    let (route, body) = match kind {
        Kind::Connector | Kind::Lane => ("pause", pause_body("drain", &flags.end, &flags.change)),
        Kind::Worker => ("drain", json!({"reason": flags.change.reason()})),
    };
    let change = Change {
        kind,
        id,
        verb: "drain",
        route,
        body,
    };
    let Some(answer) = change.make(api, &flags.change).await? else {
        return Ok(Exit::Done);
    };
    output::note(&format!("{} {id} is {}", kind.word(), paused_words(&answer)));
    let drained = wait_until_drained(api, kind, id, answer, wait).await?;
    print(flags.change.output, &drained)?;
    Ok(Exit::Done)
}

/// One change of one thing.
struct Change<'a> {
    kind: Kind,
    id: &'a str,
    verb: &'a str,
    route: &'a str,
    body: Value,
}

impl Change<'_> {
    /// Asks, and makes the change; nothing if it was only to be shown.
    async fn make(&self, api: &Api, flags: &ChangeFlags) -> Result<Option<Value>, Failure> {
        let (word, id) = (self.kind.word(), self.id);
        let path = ["v1", self.kind.route(), id, self.route];
        if flags.dry_run {
            let query = [("dry_run", "true")];
            let answer = api.call(Method::POST, &path, &query, Some(&self.body)).await?.body;
            print_preview(self.kind, id, flags.output, &answer)?;
            let would = if answer["changed"] == Value::Bool(true) {
                format!("would {} {word} {id}", self.verb)
            } else {
                format!("{word} {id} is not paused")
            };
            output::note(&format!("{would}; nothing was changed"));
            return Ok(None);
        }
        if !confirm(&format!("{} {word} {id}?", self.verb), flags.yes)? {
            return Err(Failure::refused("nothing was changed"));
        }
        let answer = api.call(Method::POST, &path, &[], Some(&self.body)).await?;
        Ok(Some(answer.body))
    }
}

fn pause_body(mode: &str, end: &EndFlags, change: &ChangeFlags) -> Value {
    let mut body = json!({"reason": change.reason(), "mode": mode});
    for (name, text) in [("for", &end.lasts), ("until", &end.until)] {
        if let Some(text) = text {
            body[name] = json!(text);
        }
    }
    body
}

/// A pause in a few words, from the view of the thing; the same words for connectors, lanes and workers.
pub(crate) fn paused_words(view: &Value) -> String {
    let pause = &view["pause"];
    if pause.is_null() {
        return "-".to_owned();
    }
    let word = if pause["mode"] == "drain" { "draining" } else { "paused" };
    match pause["until"].as_str() {
        Some(until) => format!("{word} until {until}"),
        None => format!("{word} until resumed"),
    }
}

/// For people, the sentence on stderr says it all; for programs, the thing as it is now.
fn print(format: Format, answer: &Value) -> Result<(), Failure> {
    match format {
        Format::Table => Ok(()),
        Format::Json | Format::Ndjson => output::item(format, answer),
    }
}

/// The thing as it is, for who only tries.
fn print_preview(kind: Kind, id: &str, format: Format, answer: &Value) -> Result<(), Failure> {
    match format {
        Format::Table => {
            let pause = if answer["pause"].is_null() {
                "not paused".to_owned()
            } else {
                paused_words(answer)
            };
            let now = format!("{} {id}: {pause}, {} running", kind.word(), running(answer));
            output::line(&now)
        }
        Format::Json | Format::Ndjson => output::item(format, answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_said_with_its_end() {
        let until = json!({"pause": {"mode": "pause", "until": "2026-11-22T18:00:00Z"}});
        assert_eq!(paused_words(&until), "paused until 2026-11-22T18:00:00Z");
        let drain = json!({"pause": {"mode": "drain", "until": null}});
        assert_eq!(paused_words(&drain), "draining until resumed");
        assert_eq!(paused_words(&json!({"pause": null})), "-");
    }

    #[test]
    fn the_body_says_only_what_was_said() {
        let change = ChangeFlags {
            reason: Some("audit".to_owned()),
            dry_run: false,
            yes: true,
            output: Format::Table,
        };
        let body = pause_body("drain", &EndFlags::default(), &change);
        assert_eq!(body, json!({"reason": "audit", "mode": "drain"}));
        let end = EndFlags {
            lasts: Some("2h".to_owned()),
            until: None,
        };
        assert_eq!(pause_body("pause", &end, &change)["for"], "2h");
    }
}
