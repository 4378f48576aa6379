//! `passback token new`: a token for the configuration, made without a server.

use clap::Args;
use passback_server::{Clock, Role, TokenHash, TokenLife, is_token_name};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::exit::Failure;
use crate::output::{self, Format};

/// Whose token, and what it may do.
#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// Who uses it; stands in the audit trail.
    #[arg(long)]
    name: String,
    /// What its bearer may do: ingest, viewer, operator or admin.
    #[arg(long)]
    role: Role,
    /// How long it is good, such as 90d; without it, it has no end.
    #[arg(long)]
    expires: Option<TokenLife>,
    /// How to print it.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

pub(super) fn run(args: &NewArgs) -> Result<(), Failure> {
    if !is_token_name(&args.name) {
        return Err(Failure::usage("the name cannot be used").fix("use 1 to 64 letters, digits, '-', '_' or '.'"));
    }
    let token = new_token()?;
    let hash = TokenHash::of(&token);
    let (id, hash) = (hash.id(), hash.to_string());
    let end = args.expires.map(|life| life.end(Clock::system().now()));
    let end = end.map(|end| format!("{end:.0}"));
    let until = end.as_ref().map(|end| format!(", expires_at = \"{end}\""));
    let entry = format!(
        "{{ name = \"{}\", role = \"{}\", sha256 = \"{hash}\"{} }}",
        args.name,
        args.role,
        until.unwrap_or_default()
    );
    if args.output != Format::Table {
        let item = json!({
            "id": id.as_str(), "name": args.name, "role": args.role.as_str(), "expires_at": end,
            "token": token.expose_secret(), "sha256": hash, "entry": entry,
        });
        return output::item(args.output, &item);
    }
    output::note("the token, shown this once:");
    output::line(token.expose_secret())?;
    output::note("the line for [auth] tokens in the configuration of `passback serve`:");
    output::line(&entry)
}

/// A new random token.
pub(crate) fn new_token() -> Result<SecretString, Failure> {
    passback_server::new_token().map_err(|error| Failure::failed(error.to_string()))
}
