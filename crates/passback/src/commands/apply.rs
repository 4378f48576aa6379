//! `passback apply -f`

use std::path::{Path, PathBuf};

use clap::Args;
use passback_registry::ApplyFile;
use reqwest::Method;
use serde_json::{Value, json};

use super::apply_entries::{Entry, entries};
use crate::api::Api;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, confirm, text_of};

/// What to apply.
#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// A TOML file with `[[connector]]` and `[[exam]]` tables.
    #[arg(short, long)]
    file: PathBuf,
    /// Show what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
    /// Do not try connectors' credentials first.
    #[arg(long)]
    no_validate: bool,
    /// How to print the changes; json and ndjson name each entry with what was done, or would be.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// Shows the difference, asks, and writes it.
pub(crate) async fn run(args: ApplyArgs) -> Result<Exit, Failure> {
    let api = Api::from_environment()?;
    let entries = read(&args.file)?;
    let mut items = Vec::new();
    let mut changes = Vec::new();
    for entry in &entries {
        // An exam may belong to a connector that only this file brings.
        let change = match put(&api, entry, &[("dry_run", "true")]).await {
            Err(_) if entry.needs_one_of(&entries) => Change::unseen(),
            answer => Change::read(&answer?),
        };
        if args.output == Format::Table {
            print_change(entry, &change)?;
        }
        items.push(change.item(entry));
        if !change.is_unchanged() {
            changes.push((items.len() - 1, entry));
        }
    }
    if changes.is_empty() {
        output::note("nothing to change");
        return print_items(args.output, &items);
    }
    if args.dry_run {
        output::note("nothing was changed: --dry-run");
        return print_items(args.output, &items);
    }
    if !confirm(&format!("apply {} change(s)?", changes.len()), args.yes)? {
        return Err(Failure::refused("nothing was changed"));
    }
    for (at, entry) in changes {
        let validate: &[(&str, &str)] = match (entry.is_connector(), args.no_validate) {
            (true, true) => &[("validate", "false")],
            (true, false) | (false, _) => &[],
        };
        let change = put(&api, entry, validate)
            .await
            .map_err(|failure| not_written(entry, failure))?;
        let change = Change::read(&change);
        output::note(&format!("{} {}", entry.name(), change.word));
        items[at] = change.item(entry);
    }
    print_items(args.output, &items)
}

/// Prints the changes as data; a table has been printed before the question.
fn print_items(format: Format, items: &[Value]) -> Result<Exit, Failure> {
    match format {
        Format::Table => {}
        Format::Json | Format::Ndjson => output::list(format, items, &[])?,
    }
    Ok(Exit::Done)
}

/// What a write did, or would do.
struct Change {
    word: String,
    diff: Vec<String>,
}

impl Change {
    fn read(answer: &Value) -> Self {
        let diff = answer["diff"].as_array().map(Vec::as_slice).unwrap_or_default();
        Self {
            word: answer["change"].as_str().unwrap_or("written").to_owned(),
            diff: diff.iter().map(text_of).collect(),
        }
    }

    /// The server cannot compare what depends on something that is not there yet.
    fn unseen() -> Self {
        Self {
            word: "created".to_owned(),
            diff: Vec::new(),
        }
    }

    fn item(&self, entry: &Entry) -> Value {
        json!({"kind": entry.kind(), "id": entry.id(), "change": self.word, "diff": self.diff})
    }

    fn is_unchanged(&self) -> bool {
        self.word == "unchanged"
    }
}

fn print_change(entry: &Entry, change: &Change) -> Result<(), Failure> {
    output::line(&format!("{}: {}", entry.name(), change.word))?;
    change
        .diff
        .iter()
        .try_for_each(|line| output::line(&format!("  {line}")))
}

async fn put(api: &Api, entry: &Entry, query: &[(&str, &str)]) -> Result<Value, Failure> {
    let path = ["v1", entry.route(), entry.id()];
    Ok(api.call(Method::PUT, &path, query, Some(entry.body())).await?.body)
}

/// Names the entry, and says the way round the validation as the command line spells it.
fn not_written(entry: &Entry, mut failure: Failure) -> Failure {
    failure.sentence = format!("{}: {}", entry.name(), failure.sentence);
    for fix in failure.fixes.iter_mut().filter(|fix| fix.contains("?validate=false")) {
        *fix = fix.replace("?validate=false", "--no-validate");
    }
    failure
}

/// Reads the file, says everything that is wrong with it, and resolves its secrets.
fn read(path: &Path) -> Result<Vec<Entry>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::refused(format!("the file {} cannot be read: {error}", path.display()))
            .fix("give a readable TOML file to -f")
    })?;
    let variable = |name: &str| std::env::var(name).ok();
    let folder = path.parent().unwrap_or(Path::new("."));
    ApplyFile::parse(&text, &variable, folder).map_err(|errors| {
        let failure = Failure::refused(format!("the file {} cannot be applied", path.display()));
        errors
            .0
            .iter()
            .fold(failure, |failure, error| failure.detail(error.to_string()))
    })?;
    entries(&text, &variable, folder)
}
