//! The API tokens of the configuration: name, role and hash, never the token.

use jiff::Timestamp;
use passback_server::{Role, TokenEntry, is_token_name};
use toml::Value;

/// The most tokens that are read; each request is compared with all of them.
const MAX_TOKENS: usize = 1_000;
const FIELDS: [&str; 4] = ["name", "role", "sha256", "expires_at"];

/// Reads `[{ name, role, sha256, expires_at }]`; an error says what is wrong with which entry.
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
    if let Some(unknown) = table.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(format!("unknown key {unknown}; the keys are {}", FIELDS.join(", ")));
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
        expires_at: table.get("expires_at").map(parse_end).transpose()?,
    })
}

/// When a token ends: a time in quotes, or TOML's own.
fn parse_end(value: &Value) -> Result<Timestamp, String> {
    let text = value.as_datetime().map(ToString::to_string);
    let text = text.as_deref().or(value.as_str());
    let end = text.and_then(|text| text.parse().ok());
    end.ok_or_else(|| "expires_at must be a time with its zone, such as \"2027-01-31T00:00:00Z\"".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn parsed(fields: &str) -> Result<Vec<TokenEntry>, String> {
        let text = format!(
            "[{{ name = \"a\", role = \"admin\", sha256 = \"{}\"{fields} }}]",
            "ab".repeat(32)
        );
        parse_tokens(&text.parse().unwrap())
    }

    #[rstest]
    #[case("", None)]
    #[case(", expires_at = \"2027-01-31T00:00:00Z\"", Some("2027-01-31T00:00:00Z"))]
    #[case(", expires_at = \"2027-01-31T01:00:00+01:00\"", Some("2027-01-31T00:00:00Z"))]
    #[case(", expires_at = 2027-01-31T00:00:00Z", Some("2027-01-31T00:00:00Z"))]
    fn a_token_ends_when_its_entry_says(#[case] fields: &str, #[case] end: Option<&str>) {
        let tokens = parsed(fields).unwrap();
        assert_eq!(tokens[0].expires_at, end.map(|end| end.parse().unwrap()));
    }

    #[rstest]
    #[case(", expires_at = \"2027-01-31\"")]
    #[case(", expires_at = 2027-01-31T00:00:00")]
    #[case(", expires_at = \"90d\"")]
    #[case(", expires_at = 90")]
    fn an_end_without_a_zone_is_refused_with_an_example(#[case] fields: &str) {
        let wrong = parsed(fields).unwrap_err();
        assert_eq!(
            wrong,
            "entry 1: expires_at must be a time with its zone, such as \"2027-01-31T00:00:00Z\""
        );
    }

    #[test]
    fn a_misspelt_key_is_named_with_the_right_ones() {
        let wrong = parsed(", expires = \"90d\"").unwrap_err();
        assert_eq!(
            wrong,
            "entry 1: unknown key expires; the keys are name, role, sha256, expires_at"
        );
    }
}
