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

/// What is said to somebody who is about to lock himself out.
const OWN: &str = "this is the token that this very command uses: the next one needs another";

fn question(named: &str, own: bool) -> String {
    if own {
        format!("{OWN}\nrevoke {named} for good?")
    } else {
        format!("revoke {named} for good?")
    }
}

pub(super) async fn run(api: &Api, args: &RevokeArgs) -> Result<(), Failure> {
    let path = ["v1", "tokens", &args.id];
    let token = api.get(&path, &[]).await?;
    let named = format!("the token '{}' ({})", field(&token, "name"), args.id);
    if args.dry_run {
        output::item(args.output, &token)?;
        output::note(&format!("would revoke {named}; nothing was changed"));
        if api.shows_token(&args.id) {
            output::note(OWN);
        }
        return Ok(());
    }
    let own = api.shows_token(&args.id);
    if own && args.yes {
        output::note(OWN);
    }
    if !confirm(&question(&named, own), args.yes)? {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_revokes_the_token_in_use_is_asked_about_that() {
        assert!(question("the token 'a'", true).starts_with(OWN));
        assert_eq!(question("the token 'a'", false), "revoke the token 'a' for good?");
    }
}
