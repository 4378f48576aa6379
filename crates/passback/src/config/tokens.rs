//! The API tokens of the configuration: name, role and hash, never the token.

use passback_server::{Role, TokenEntry};
use toml::Value;

/// The most tokens that are read; each request is compared with all of them.
const MAX_TOKENS: usize = 1_000;
const MAX_NAME_CHARS: usize = 64;

/// Reads `[{ name, role, sha256 }]`; an error says what is wrong with which entry.
pub(crate) fn parse_tokens(value: &Value) -> Result<Vec<TokenEntry>, String> {
    let entries = value.as_array().ok_or("is no list")?;
    if entries.len() > MAX_TOKENS {
        return Err(format!("has more than {MAX_TOKENS} entries"));
    }
    let tokens: Vec<TokenEntry> = entries
        .iter()
        .enumerate()
        .map(|(index, entry)| parse_token(entry).map_err(|wrong| format!("entry {}: {wrong}", index + 1)))
        .collect::<Result<_, _>>()?;
    let mut names: Vec<&str> = tokens.iter().map(|token| token.name.as_str()).collect();
    names.sort_unstable();
    let twice = names.iter().zip(names.iter().skip(1)).find(|(one, next)| one == next);
    if let Some((name, _)) = twice {
        return Err(format!("has the name \"{name}\" twice"));
    }
    Ok(tokens)
}

fn parse_token(entry: &Value) -> Result<TokenEntry, String> {
    let table = entry.as_table().ok_or("is no table")?;
    if let Some(unknown) = table
        .keys()
        .find(|name| !["name", "role", "sha256"].contains(&name.as_str()))
    {
        return Err(format!("unknown key {unknown}; the keys are name, role and sha256"));
    }
    let text = |field: &str| {
        table
            .get(field)
            .and_then(Value::as_str)
            .ok_or(format!("{field} is missing or no text"))
    };
    let name = text("name")?;
    if !is_token_name(name) {
        return Err("name must be 1 to 64 letters, digits, '-', '_' or '.'".to_owned());
    }
    let role = text("role")?
        .parse::<Role>()
        .map_err(|_| "role is not known".to_owned())?;
    let sha256 = text("sha256")?
        .parse()
        .map_err(|_| "sha256 must be 64 hexadecimal digits, the hash of the token".to_owned())?;
    Ok(TokenEntry {
        name: name.to_owned(),
        role,
        sha256,
    })
}

/// Whether a text may name a token: it stands in the audit trail.
pub(crate) fn is_token_name(name: &str) -> bool {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || ['-', '_', '.'].contains(&letter);
    !name.is_empty() && name.len() <= MAX_NAME_CHARS && name.chars().all(allowed)
}
