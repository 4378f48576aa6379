//! `passback token new`

use clap::{Args, Subcommand};
use passback_server::{Role, TokenHash, is_token_name};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::exit::{Exit, Failure};
use crate::output::{self, Format};

/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;

/// What can be done with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token: print it once, and the line for the configuration.
    New(NewArgs),
}

/// Whose token, and what it may do.
#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// Who uses it; stands in the audit trail.
    #[arg(long)]
    name: String,
    /// What its bearer may do: ingest, viewer, operator or admin.
    #[arg(long)]
    role: Role,
    /// How to print it.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// Runs a command on tokens.
pub(crate) fn run(command: TokenCommand) -> Result<Exit, Failure> {
    let TokenCommand::New(args) = command;
    if !is_token_name(&args.name) {
        return Err(Failure::usage("the name cannot be used").fix("use 1 to 64 letters, digits, '-', '_' or '.'"));
    }
    let token = new_token()?;
    let hash = TokenHash::of(&token).to_string();
    let entry = format!(
        "{{ name = \"{}\", role = \"{}\", sha256 = \"{hash}\" }}",
        args.name, args.role
    );
    if args.output != Format::Table {
        let item = json!({
            "name": args.name, "role": args.role.as_str(), "token": token.expose_secret(), "sha256": hash, "entry": entry,
        });
        output::item(args.output, &item)?;
        return Ok(Exit::Done);
    }
    output::note("the token, shown this once:");
    output::line(token.expose_secret())?;
    output::note("the line for [auth] tokens in the configuration of `passback serve`:");
    output::line(&entry)?;
    Ok(Exit::Done)
}

/// A new random token.
pub(crate) fn new_token() -> Result<SecretString, Failure> {
    let mut bytes = [0; TOKEN_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| Failure::failed(format!("no random bytes: {error}")))?;
    Ok(SecretString::from(hex::encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_long_and_never_the_same() {
        let [one, two] = [new_token().unwrap(), new_token().unwrap()];
        assert_eq!(one.expose_secret().len(), 2 * TOKEN_BYTES);
        assert_ne!(one.expose_secret(), two.expose_secret());
    }
}
