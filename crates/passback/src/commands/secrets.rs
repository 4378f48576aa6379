//! `passback secrets list|rotate`

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::Method;
use serde_json::{Value, json};

use super::connector::PrintArgs;
use super::key_usage::KeyUsage;
use super::reason::reason;
use crate::api::Api;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, confirm, text_of};

/// What can be done with what the master keys have sealed.
#[derive(Debug, Subcommand)]
pub(crate) enum SecretsCommand {
    /// Count what each master key has sealed, and say which keys may go.
    List(PrintArgs),
    /// Seal everything again with the key that stands first in the key file.
    ///
    /// Works slice by slice beside running workers. It may be stopped at any moment and begun again: what is sealed stays
    /// sealed. Ends with exit code 1 if something does not open.
    Rotate(RotateArgs),
}

/// Why, and how.
#[derive(Debug, Args)]
pub(crate) struct RotateArgs {
    /// Why; stands in the audit trail.
    #[arg(long, required_unless_present = "dry_run", value_parser = reason)]
    reason: Option<String>,
    /// Show what would be sealed again, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
    /// How to print what was done.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// What all slices together did.
#[derive(Debug, Default)]
struct Rotated {
    connectors: u64,
    unreadable_connectors: Vec<String>,
    resealed: u64,
    unreadable: u64,
}

/// Runs a command on secrets.
pub(crate) async fn run(command: SecretsCommand) -> Result<Exit, Failure> {
    let api = Api::from_environment()?;
    match command {
        SecretsCommand::List(args) => {
            KeyUsage::read(&api).await?.print(args.output)?;
            Ok(Exit::Done)
        }
        SecretsCommand::Rotate(args) => rotate(&api, args).await,
    }
}

async fn rotate(api: &Api, args: RotateArgs) -> Result<Exit, Failure> {
    let before = KeyUsage::read(api).await?;
    let (secrets, payloads) = before.to_rotate();
    let work = format!("{secrets} connector secret(s) and {payloads} payload(s)");
    let current = before.current();
    if args.dry_run {
        before.print(args.output)?;
        output::note(&format!(
            "would seal {work} again with the key {current}; nothing was changed"
        ));
        return Ok(Exit::Done);
    }
    if !confirm(&format!("seal {work} again with the key {current}?"), args.yes)? {
        return Err(Failure::refused("nothing was changed"));
    }
    let rotated = walk(api, args.reason.as_deref().unwrap_or_default(), payloads).await?;
    let after = KeyUsage::read(api).await?;
    rotated.print(args.output, &after)?;
    Ok(if rotated.is_whole() { Exit::Done } else { Exit::Failed })
}

async fn walk(api: &Api, reason: &str, payloads: u64) -> Result<Rotated, Failure> {
    let bar = ProgressBar::new(payloads);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} payloads, {eta} left") {
        bar.set_style(style);
    }
    let mut rotated = Rotated::default();
    let mut cursor = json!("0");
    loop {
        let body = json!({"cursor": cursor, "reason": reason});
        let slice = api
            .call(Method::POST, &["v1", "secrets", "rotate"], &[], Some(&body))
            .await;
        let mut slice = slice.inspect_err(|_| {
            bar.abandon();
            // Before the first slice nothing has begun.
            if cursor != "0" {
                output::note("what is sealed stays sealed; run the same command again for the rest");
            }
        })?;
        rotated.take(&slice.body);
        bar.set_position(rotated.resealed);
        cursor = slice.body["next_cursor"].take();
        if cursor.is_null() {
            bar.finish_and_clear();
            return Ok(rotated);
        }
    }
}

impl Rotated {
    fn take(&mut self, slice: &Value) {
        let number = |name: &str| slice[name].as_u64().unwrap_or(0);
        self.connectors += number("connectors");
        self.resealed += number("resealed");
        self.unreadable += number("unreadable");
        let connectors = slice["unreadable_connectors"].as_array();
        self.unreadable_connectors
            .extend(connectors.into_iter().flatten().map(text_of));
    }

    /// Whether everything that was seen is sealed with today's key.
    fn is_whole(&self) -> bool {
        self.unreadable == 0 && self.unreadable_connectors.is_empty()
    }

    fn print(&self, format: Format, after: &KeyUsage) -> Result<(), Failure> {
        if format != Format::Table {
            let mut document = after.document();
            document["connectors"] = json!(self.connectors);
            document["resealed"] = json!(self.resealed);
            document["unreadable"] = json!(self.unreadable);
            document["unreadable_connectors"] = json!(self.unreadable_connectors);
            return output::item(format, &document);
        }
        output::line(&format!(
            "{} connector(s) and {} payload(s) were sealed again",
            self.connectors, self.resealed
        ))?;
        if self.unreadable > 0 {
            output::line(&format!("{} payload(s) do not open and were left", self.unreadable))?;
        }
        for connector in &self.unreadable_connectors {
            output::line(&format!(
                "the secrets of connector {connector} do not open and were left"
            ))?;
        }
        output::line(&after.advice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_add_up_and_one_that_does_not_open_is_remembered() {
        let mut rotated = Rotated::default();
        let slice = json!({"connectors": 2, "resealed": 10, "unreadable": 0, "unreadable_connectors": []});
        rotated.take(&slice);
        assert!(rotated.is_whole());
        rotated.take(&json!({"connectors": 0, "resealed": 5, "unreadable": 1, "unreadable_connectors": ["acme"]}));
        rotated.take(&slice);
        assert_eq!((rotated.connectors, rotated.resealed, rotated.unreadable), (4, 25, 1));
        assert!(!rotated.is_whole());
        assert_eq!(rotated.unreadable_connectors, ["acme"]);
    }
}
