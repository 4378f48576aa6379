//! `passback token create`: a token that the servers keep.

use clap::Args;
use passback_server::{Role, TokenLife};
use reqwest::Method;
use serde_json::{Value, json};

use super::token::token_name;
use crate::api::Api;
use crate::exit::Failure;
use crate::output::{self, Format, field};

/// Whose token, and what it may do.
#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// Who uses it; stands in the audit trail.
    #[arg(long, value_parser = token_name)]
    name: String,
    /// What its bearer may do: ingest, viewer, operator or admin.
    #[arg(long)]
    role: Role,
    /// How long it is good, such as 90d; without it, it has no end.
    #[arg(long, value_parser = life)]
    expires: Option<String>,
    /// Show what would be made, and make nothing.
    #[arg(long)]
    dry_run: bool,
    /// How to print it.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// A life that the server takes, in the caller's words: its clock says when that ends.
fn life(text: &str) -> Result<String, String> {
    let checked = text.parse::<TokenLife>();
    checked
        .map(|_| text.trim().to_owned())
        .map_err(|wrong| wrong.to_string())
}

pub(super) async fn run(api: &Api, args: &CreateArgs) -> Result<(), Failure> {
    let body = json!({"name": args.name, "role": args.role, "expires_in": args.expires});
    let query: &[(&str, &str)] = if args.dry_run { &[("dry_run", "true")] } else { &[] };
    let made = api
        .call(Method::POST, &["v1", "tokens"], query, Some(&body))
        .await?
        .body;
    if args.dry_run {
        output::item(args.output, &made)?;
        output::note("nothing was made");
        return Ok(());
    }
    if args.output != Format::Table {
        return output::item(args.output, &made);
    }
    output::note(&format!(
        "the token {}, shown this once; {}:",
        field(&made, "id"),
        until(&made)
    ));
    output::line(&field(&made, "token"))
}

fn until(token: &Value) -> String {
    match token["expires_at"].as_str() {
        Some(end) => format!("good until {end}"),
        None => "good until it is revoked".to_owned(),
    }
}
