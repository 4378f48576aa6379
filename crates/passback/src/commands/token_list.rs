//! `passback token list`

use clap::Args;
use serde_json::Value;

use crate::api::Api;
use crate::exit::Failure;
use crate::output::{self, Column, Format, column, field};

/// More than there can be: those of a configuration and those that are stored.
const MAX_TOKENS: usize = 10_000;

/// How to list.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// How to print them.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

const COLUMNS: [Column; 8] = [
    column("ID", |token| field(token, "id")),
    column("NAME", |token| field(token, "name")),
    column("ROLE", |token| field(token, "role")),
    column("STATE", |token| field(token, "state")),
    column("SOURCE", |token| field(token, "source")),
    column("CREATED", |token| field(token, "created_at")),
    column("EXPIRES", |token| field(token, "expires_at")),
    column("LAST USED", |token| field(token, "last_used_at")),
];

pub(super) async fn run(api: &Api, args: &ListArgs) -> Result<(), Failure> {
    let (mut tokens, _) = api.list(&["v1", "tokens"], &[], MAX_TOKENS).await?;
    tokens.sort_by_key(|token| (field(token, "name"), field(token, "id")));
    output::list(args.output, &tokens, &COLUMNS)?;
    for token in tokens.iter().filter(|token| token["ends_soon"] == Value::Bool(true)) {
        let (name, id, end) = (field(token, "name"), field(token, "id"), field(token, "expires_at"));
        output::note(&format!(
            "warning: the token '{name}' ({id}) ends at {end}; make its successor in time"
        ));
    }
    Ok(())
}
