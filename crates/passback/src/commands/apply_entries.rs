//! The entries of a file to apply, as the API takes them.

use std::path::Path;

use serde_json::{Map, Value};

use crate::exit::Failure;

/// One connector or exam of the file.
pub(crate) struct Entry {
    kind: Kind,
    id: String,
    body: Value,
}

/// What an entry describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Connector,
    Exam,
}

impl Entry {
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.kind(), self.id)
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self.kind {
            Kind::Connector => "connector",
            Kind::Exam => "exam",
        }
    }

    pub(crate) fn route(&self) -> &'static str {
        match self.kind {
            Kind::Connector => "connectors",
            Kind::Exam => "exams",
        }
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The JSON body; it holds secrets and is only ever sent.
    pub(crate) fn body(&self) -> &Value {
        &self.body
    }

    pub(crate) fn is_connector(&self) -> bool {
        self.kind == Kind::Connector
    }

    /// Whether this is an exam of a connector in the same file.
    pub(crate) fn needs_one_of(&self, entries: &[Self]) -> bool {
        let wanted = self.body["connector"].as_str();
        !self.is_connector()
            && entries
                .iter()
                .any(|entry| entry.is_connector() && Some(entry.id.as_str()) == wanted)
    }
}

/// Reads the entries of a file that was found valid: connectors first, for exams need them.
pub(crate) fn entries(
    text: &str,
    variable: &dyn Fn(&str) -> Option<String>,
    folder: &Path,
) -> Result<Vec<Entry>, Failure> {
    let unreadable = || Failure::refused("the file cannot be read as TOML");
    let table: toml::Table = text.parse().map_err(|_| unreadable())?;
    let mut entries = Vec::new();
    for (kind, name) in [(Kind::Connector, "connector"), (Kind::Exam, "exam")] {
        for entry in table
            .get(name)
            .and_then(toml::Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default()
        {
            let body = to_json(entry, variable, folder).ok_or_else(unreadable)?;
            let id = body["id"].as_str().ok_or_else(unreadable)?.to_owned();
            entries.push(Entry { kind, id, body });
        }
    }
    Ok(entries)
}

/// Turns TOML into JSON; `{ env = "…" }` and `{ file = "…" }` become what they name.
fn to_json(value: &toml::Value, variable: &dyn Fn(&str) -> Option<String>, folder: &Path) -> Option<Value> {
    Some(match value {
        toml::Value::String(text) => Value::from(text.as_str()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Float(number) => Value::from(*number),
        toml::Value::Boolean(truth) => Value::from(*truth),
        toml::Value::Datetime(time) => Value::from(time.to_string()),
        toml::Value::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| to_json(item, variable, folder))
                .collect::<Option<_>>()?,
        ),
        toml::Value::Table(table) => {
            if let Some(target) = reference(table) {
                return target.read(variable, folder).map(Value::from);
            }
            let fields = table
                .iter()
                .map(|(name, value)| Some((name.clone(), to_json(value, variable, folder)?)));
            Value::Object(fields.collect::<Option<Map<_, _>>>()?)
        }
    })
}

/// Where a secret is, if it is not in the file itself.
enum Reference<'a> {
    Variable(&'a str),
    File(&'a str),
}

/// What a table names, if it is a reference at all.
fn reference(table: &toml::Table) -> Option<Reference<'_>> {
    let mut fields = table.iter();
    match (fields.next(), fields.next()) {
        (Some((name, toml::Value::String(target))), None) if name == "env" => Some(Reference::Variable(target)),
        (Some((name, toml::Value::String(target))), None) if name == "file" => Some(Reference::File(target)),
        _ => None,
    }
}

impl Reference<'_> {
    fn read(&self, variable: &dyn Fn(&str) -> Option<String>, folder: &Path) -> Option<String> {
        match self {
            Self::Variable(name) => variable(name),
            Self::File(path) => {
                let text = std::fs::read_to_string(folder.join(path)).ok()?;
                Some(text.trim_end_matches(['\r', '\n']).to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "
[[exam]]
id = \"forklift-01\"
connector = \"acme\"
course_id = 146

[[connector]]
id = \"acme\"
client_secret = { env = \"ACME\" }
webhook = { username = \"docebo\", password = { file = \"secret\" } }
";

    #[test]
    fn connectors_come_first_and_secrets_are_resolved() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), "from-file\n").unwrap();
        let variable = |name: &str| (name == "ACME").then(|| "from-env".to_owned());
        let entries = entries(FILE, &variable, folder.path()).unwrap();
        let names: Vec<String> = entries.iter().map(Entry::name).collect();
        assert_eq!(names, ["connector acme", "exam forklift-01"]);
        assert_eq!(entries[0].body()["client_secret"], "from-env");
        assert_eq!(entries[0].body()["webhook"]["password"], "from-file");
        assert!(entries[1].needs_one_of(&entries));
        assert!(!entries[0].needs_one_of(&entries));
    }
}
