//! `passback token new|create|list|revoke`

use clap::Subcommand;

use super::{token_create, token_list, token_new, token_revoke};
use crate::api::Api;
use crate::exit::{Exit, Failure};

/// What can be done with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token for the configuration, without a server: print it once, and its line for `[auth]` tokens.
    New(token_new::NewArgs),
    /// Have a server make a token: good at every server at once, printed this once.
    Create(token_create::CreateArgs),
    /// List tokens, of the configuration and made by servers: until when they are good, when they were last used.
    List(token_list::ListArgs),
    /// End a token for good, of the configuration or not: every server refuses it within a second.
    Revoke(token_revoke::RevokeArgs),
}

/// Runs a command on tokens.
pub(crate) async fn run(command: TokenCommand) -> Result<Exit, Failure> {
    match command {
        TokenCommand::New(args) => token_new::run(&args)?,
        TokenCommand::Create(args) => token_create::run(&Api::from_environment()?, &args).await?,
        TokenCommand::List(args) => token_list::run(&Api::from_environment()?, &args).await?,
        TokenCommand::Revoke(args) => token_revoke::run(&Api::from_environment()?, &args).await?,
    }
    Ok(Exit::Done)
}

/// A name as the command line takes it.
pub(super) fn token_name(text: &str) -> Result<String, String> {
    if passback_server::is_token_name(text) {
        Ok(text.to_owned())
    } else {
        Err("use 1 to 64 letters, digits, '-', '_' or '.'".to_owned())
    }
}
