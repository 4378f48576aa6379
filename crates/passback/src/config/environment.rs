//! The layer of environment variables: `PASSBACK_REDIS__URL`, or `PASSBACK_REDIS__URL_FILE` for a value in a file.

use std::collections::BTreeMap;

use toml::Value;

use super::error::Problem;
use super::keys::{KEYS, Key, Kind, nearest};
use super::layers::{Source, Sourced};

const PREFIX: &str = "PASSBACK_";
const FILE_SUFFIX: &str = "_FILE";
/// The largest file that a `*_FILE` variable may name.
const MAX_VALUE_FILE_BYTES: u64 = 64 * 1024;

/// Variables of ours that set no key: the client's, the log's, those of tests and of the compose file.
const OTHER_VARIABLES: [&str; 8] = [
    "PASSBACK_API_URL",
    "PASSBACK_API_TOKEN",
    "PASSBACK_CONFIG",
    "PASSBACK_LOG",
    "PASSBACK_PORT",
    "PASSBACK_SIMULATOR_PORT",
    "PASSBACK_SIMULATOR_WEBHOOK_PASSWORD",
    "PASSBACK_WORLD",
];
const TEST_PREFIX: &str = "PASSBACK_TEST_";

/// The keys that the variables set; what is wrong with a variable is added to the problems.
pub(crate) fn read(variables: &[(String, String)], problems: &mut Vec<Problem>) -> Vec<(&'static Key, Sourced)> {
    let names: BTreeMap<String, &'static Key> = KEYS.iter().map(|key| (key.variable(), key)).collect();
    let mut found = Vec::new();
    for (name, text) in variables {
        if !name.starts_with(PREFIX) || name.starts_with(TEST_PREFIX) || OTHER_VARIABLES.contains(&name.as_str()) {
            continue;
        }
        match value_of(name, text, &names) {
            Ok((key, value)) => found.push((
                key,
                Sourced {
                    value,
                    source: Source::Variable(name.clone()),
                },
            )),
            Err(problem) => problems.push(problem),
        }
    }
    // A value given in itself goes over one given in a file.
    found.sort_by_key(|(key, sourced)| sourced.source == Source::Variable(key.variable()));
    found
}

fn value_of(name: &str, text: &str, names: &BTreeMap<String, &'static Key>) -> Result<(&'static Key, Value), Problem> {
    if let Some(key) = names.get(name) {
        return parse(key, name, text).map(|value| (*key, value));
    }
    if let Some(key) = name.strip_suffix(FILE_SUFFIX).and_then(|stem| names.get(stem)) {
        let content = read_file(name, text)?;
        return parse(key, name, content.trim_end_matches(['\r', '\n'])).map(|value| (*key, value));
    }
    let fix = match nearest(name, names.keys().map(String::as_str)) {
        Some(meant) => format!("did you mean {meant}?"),
        None => "unset it; `passback config show` then prints every key".to_owned(),
    };
    Err(Problem::new(format!("unknown variable {name}"), fix))
}

fn read_file(name: &str, path: &str) -> Result<String, Problem> {
    let fix = format!("let {name} name a readable text file");
    match std::fs::metadata(path) {
        Ok(found) if found.len() > MAX_VALUE_FILE_BYTES => {
            return Err(Problem::new(
                format!("{name}: the file {path} is over {MAX_VALUE_FILE_BYTES} bytes"),
                fix,
            ));
        }
        Ok(_) | Err(_) => {}
    }
    std::fs::read_to_string(path)
        .map_err(|error| Problem::new(format!("{name}: the file {path} cannot be read: {error}"), fix))
}

/// A variable is a text; what a key wants else is read as TOML.
fn parse(key: &Key, name: &str, text: &str) -> Result<Value, Problem> {
    match key.kind {
        Kind::Text | Kind::OptionalText | Kind::SecretUrl | Kind::Duration => Ok(Value::String(text.to_owned())),
        Kind::Bool | Kind::Integer(..) | Kind::Texts | Kind::Tokens => text.trim().parse::<Value>().map_err(|_| {
            let example = match key.kind {
                Kind::Bool => "true or false",
                Kind::Tokens => "[{ name = \"exam-engine\", role = \"ingest\", sha256 = \"…\" }]",
                Kind::Texts => "[\"one\", \"another\"]",
                Kind::Text | Kind::OptionalText | Kind::SecretUrl | Kind::Duration | Kind::Integer(..) => {
                    "a whole number"
                }
            };
            Problem::new(format!("{name} cannot be understood"), format!("write {example}"))
        }),
    }
}
