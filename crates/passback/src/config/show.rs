//! The configuration in force as TOML, each value with where it came from.

use std::fmt::Write;

use toml::Value;

use super::keys::{Key, Kind};
use super::layers::{Layers, Source};

const MASK: &str = "***";
/// Digits of a token's hash that are shown, to tell tokens apart.
const SHOWN_HASH_DIGITS: usize = 8;

/// Writes TOML that could be read again, but for what is masked.
pub(crate) fn show(layers: &Layers) -> String {
    let mut text = String::new();
    let mut section = "";
    for (key, sourced) in layers.iter() {
        let (head, name) = key.path.rsplit_once('.').unwrap_or(("", key.path));
        if head != section {
            let gap = if section.is_empty() { "" } else { "\n" };
            let _ = writeln!(text, "{gap}[{head}]");
            section = head;
        }
        let (value, source) = (masked(key, &sourced.value), &sourced.source);
        let _ = match layers.default_of(key) {
            Some(default) if *source != Source::Default => {
                writeln!(text, "{name} = {value}  # {source}; default {}", masked(key, default))
            }
            Some(_) | None => writeln!(text, "{name} = {value}  # {source}"),
        };
    }
    text
}

fn masked(key: &Key, value: &Value) -> String {
    match (key.kind, value) {
        (Kind::SecretUrl, Value::String(url)) => Value::String(mask_password(url)).to_string(),
        (Kind::Tokens, Value::Array(entries)) => Value::Array(entries.iter().map(mask_hash).collect()).to_string(),
        (
            Kind::Text
            | Kind::OptionalText
            | Kind::Texts
            | Kind::SecretUrl
            | Kind::Bool
            | Kind::Integer(..)
            | Kind::Duration
            | Kind::Tokens,
            _,
        ) => value.to_string(),
    }
}

/// Hides the password of `scheme://user:password@host`.
pub(crate) fn mask_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        // No URL at all: it may be anything, even the password alone.
        return MASK.to_owned();
    };
    let (rest, query) = match rest.split_once('?') {
        Some((rest, _)) => (rest, format!("?{MASK}")),
        None => (rest, String::new()),
    };
    let shown = match rest.rsplit_once('@') {
        None => rest.to_owned(),
        Some((login, host)) => match login.split_once(':') {
            None => format!("{MASK}@{host}"),
            Some((user, _)) => format!("{user}:{MASK}@{host}"),
        },
    };
    format!("{scheme}://{shown}{query}")
}

fn mask_hash(entry: &Value) -> Value {
    let Some(table) = entry.as_table() else {
        return Value::String(MASK.to_owned());
    };
    let mut table = table.clone();
    if let Some(Value::String(hash)) = table.get_mut("sha256") {
        let start: String = hash.chars().take(SHOWN_HASH_DIGITS).collect();
        *hash = format!("{start}…");
    }
    Value::Table(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("redis://127.0.0.1:6379", "redis://127.0.0.1:6379")]
    #[case("redis://:hunter2@host/0", "redis://:***@host/0")]
    #[case("rediss://app:hunter2@host:6380", "rediss://app:***@host:6380")]
    #[case("redis://app:hun@ter2@host", "redis://app:***@host")]
    #[case("unix:///run/redis.sock?pass=hunter2", "unix:///run/redis.sock?***")]
    #[case("hunter2", "***")]
    fn a_password_is_never_shown(#[case] url: &str, #[case] shown: &str) {
        assert_eq!(mask_password(url), shown);
    }
}
