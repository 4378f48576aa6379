//! The layers of the configuration, laid over each other, each value with where it came from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::environment;
use super::error::{ConfigError, Problem};
use super::keys::{KEYS, Key, is_section, nearest};

const DEFAULT_TOML: &str = include_str!("default.toml");
/// The file that is read without being named, if it is there.
const USUAL_FILE: &str = "passback.toml";
/// The largest configuration file that is read.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// The defaults in the program.
    Default,
    /// A file.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
    /// A flag of the command.
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// A value with its origin.
#[derive(Debug, Clone)]
pub(crate) struct Sourced {
    pub(crate) value: Value,
    pub(crate) source: Source,
}

/// What lies over the defaults.
pub(crate) struct Sources {
    /// The file that was named; without one, `passback.toml` is read if it is there.
    pub(crate) file: Option<PathBuf>,
    /// The process environment.
    pub(crate) variables: Vec<(String, String)>,
    /// Keys that flags set.
    pub(crate) flags: Vec<(&'static str, &'static str, Value)>,
}

/// Every key's value in force.
#[derive(Debug)]
pub(crate) struct Layers {
    values: BTreeMap<&'static str, Sourced>,
    /// What lies lowest, to be shown beside what lies over it.
    defaults: BTreeMap<&'static str, Value>,
}

impl Layers {
    /// Lays file, variables and flags over the defaults; every unknown key is named at once.
    pub(crate) fn read(sources: Sources) -> Result<Self, ConfigError> {
        let mut layers = Self::defaults()?;
        let mut problems = Vec::new();
        if let Some((path, text)) = read_file(sources.file.as_deref())? {
            layers.lay_toml(&text, &Source::File(path), &mut problems);
        }
        for (key, sourced) in environment::read(&sources.variables, &mut problems) {
            layers.values.insert(key.path, sourced);
        }
        for (path, flag, value) in sources.flags {
            if let Some(key) = Key::find(path) {
                layers.values.insert(
                    key.path,
                    Sourced {
                        value,
                        source: Source::Flag(flag),
                    },
                );
            }
        }
        if problems.is_empty() {
            Ok(layers)
        } else {
            Err(ConfigError { problems })
        }
    }

    /// The defaults alone.
    pub(crate) fn defaults() -> Result<Self, ConfigError> {
        let mut layers = Self {
            values: BTreeMap::new(),
            defaults: BTreeMap::new(),
        };
        let mut problems = Vec::new();
        layers.lay_toml(DEFAULT_TOML, &Source::Default, &mut problems);
        let defaults = layers.values.iter();
        layers.defaults = defaults.map(|(path, sourced)| (*path, sourced.value.clone())).collect();
        if problems.is_empty() {
            Ok(layers)
        } else {
            Err(ConfigError { problems })
        }
    }

    /// Every key with its value, in the order of the defaults.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static Key, &Sourced)> {
        KEYS.iter().filter_map(|key| Some((key, self.values.get(key.path)?)))
    }

    /// What a key is when nobody sets it.
    pub(crate) fn default_of(&self, key: &Key) -> Option<&Value> {
        self.defaults.get(key.path)
    }

    fn lay_toml(&mut self, text: &str, source: &Source, problems: &mut Vec<Problem>) {
        match text.parse::<Table>() {
            Ok(table) => self.lay_table("", table, source, problems),
            Err(error) => {
                let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
                let line = before.matches('\n').count() + 1;
                let message = error.message().replace('\n', " ");
                problems.push(Problem::new(
                    format!("{source}, line {line}: {message}"),
                    "write name = value below its [section], a text in double quotes",
                ));
            }
        }
    }

    fn lay_table(&mut self, prefix: &str, table: Table, source: &Source, problems: &mut Vec<Problem>) {
        for (name, value) in table {
            let path = if prefix.is_empty() {
                name.clone()
            } else {
                format!("{prefix}.{name}")
            };
            if let Some(key) = Key::find(&path) {
                self.values.insert(
                    key.path,
                    Sourced {
                        value,
                        source: source.clone(),
                    },
                );
                continue;
            }
            match value {
                Value::Table(table) if is_section(&path) => self.lay_table(&path, table, source, problems),
                Value::String(_)
                | Value::Integer(_)
                | Value::Float(_)
                | Value::Boolean(_)
                | Value::Datetime(_)
                | Value::Array(_)
                | Value::Table(_) => problems.push(unknown_key(&path, source)),
            }
        }
    }
}

fn unknown_key(path: &str, source: &Source) -> Problem {
    let sections = [
        "redis",
        "http",
        "http.tls",
        "secrets",
        "auth",
        "connectors",
        "worker",
        "worker.concurrency",
        "worker.egress",
    ];
    if sections.contains(&path) {
        return Problem::new(format!("{path} in {source} must be a table"), format!("write [{path}]"));
    }
    let known = KEYS.iter().map(|key| key.path).chain(sections);
    let fix = match nearest(path, known) {
        Some(name) => format!("did you mean {name}?"),
        // Without a file, for the command would stumble over the same one.
        None => "`passback config show --config /dev/null` prints every key".to_owned(),
    };
    Problem::new(format!("unknown key {path} in {source}"), fix)
}

fn read_file(named: Option<&Path>) -> Result<Option<(PathBuf, String)>, ConfigError> {
    let path = named.unwrap_or(Path::new(USUAL_FILE));
    let unreadable = |what: String| {
        let fix = "give a readable file to --config, or leave it away";
        ConfigError::from(Problem::new(
            format!("the configuration file {} {what}", path.display()),
            fix,
        ))
    };
    match std::fs::metadata(path) {
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(format!("cannot be read: {error}"))),
        Ok(found) if found.len() > MAX_FILE_BYTES => {
            return Err(unreadable(format!("is over {MAX_FILE_BYTES} bytes")));
        }
        Ok(_) => {}
    }
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(format!("cannot be read: {error}")))?;
    Ok(Some((path.to_owned(), text)))
}
