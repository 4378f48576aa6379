//! `passback token revoke`

use clap::Args;
use reqwest::Method;
use serde_json::json;

use super::reason::reason;
use crate::api::Api;
use crate::exit::Failure;
use crate::output::{self, Format, confirm, field};

/// Which one to revoke, and why.
#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    /// The id, as `passback token list` shows it.
    id: String,
    /// Why; stands in the audit trail.
    #[arg(long, value_parser = reason, required_unless_present = "dry_run")]
    reason: Option<String>,
    /// Show what would be revoked, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
    /// How to print what was revoked, or would be.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

pub(super) async fn run(api: &Api, args: &RevokeArgs) -> Result<(), Failure> {
    let path = ["v1", "tokens", &args.id];
    let token = api.get(&path, &[]).await?;
    let named = format!("the token '{}' ({})", field(&token, "name"), args.id);
    if args.dry_run {
        output::item(args.output, &token)?;
        output::note(&format!("would revoke {named}; nothing was changed"));
        return Ok(());
    }
    if !confirm(&format!("revoke {named} for good?"), args.yes)? {
        return Err(Failure::refused("nothing was changed"));
    }
    let reason = args.reason.as_deref().unwrap_or_default();
    let path = ["v1", "tokens", &args.id, "revoke"];
    let body = json!({"reason": reason});
    let revoked = api.call(Method::POST, &path, &[], Some(&body)).await?.body;
    output::note(&format!("{named} is revoked"));
    match args.output {
        Format::Table => Ok(()),
        Format::Json | Format::Ndjson => output::item(args.output, &revoked),
    }
}
