//! What `passback apply -f` reads: connectors and exams in TOML.

use std::collections::HashSet;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::connector::Connector;
use crate::exam::Exam;
use crate::exam_input::{ExamInput, ResultFieldInput};
use crate::field_error::{FieldError, FieldErrors, unknown_name};
use crate::id::ExamId;
use crate::input::ConnectorInput;
use crate::toml_fields::{Field, Reader, Source};
use crate::webhook_fields::webhook;

const MAX_FILE_BYTES: usize = 4_194_304;
const MAX_ENTRIES: usize = 5_000;
const MAX_ERRORS: usize = 100;

const TABLES: &[&str] = &["connector", "exam"];
const CONNECTOR_FIELDS: &[&str] = &[
    "id",
    "name",
    "type",
    "domain",
    "client_id",
    "client_secret",
    "username",
    "password",
    "calls_per_hour",
    "weight",
    "max_concurrency",
    "webhook",
    "connect_timeout_ms",
    "request_timeout_ms",
    "read_before_write",
    "verify",
];
const EXAM_FIELDS: &[&str] = &[
    "id",
    "name",
    "connector",
    "course_id",
    "on_failed",
    "on_non_graded",
    "write_score_on_failed",
    "write_score_on_non_graded",
    "version_policy",
    "check_deadline_seconds",
    "eligible_states",
    "result_field",
];
const RESULT_FIELD_FIELDS: &[&str] = &[
    "result_field.id",
    "result_field.passed",
    "result_field.failed",
    "result_field.non_graded",
];

/// An entry and the line on which it begins.
#[derive(Debug, Clone)]
pub(crate) struct Entry<T> {
    pub(crate) line: usize,
    pub(crate) value: T,
}

/// The connectors and exams of one file, each of them valid by itself.
#[derive(Debug, Clone)]
pub struct ApplyFile {
    pub(crate) connectors: Vec<Entry<Connector>>,
    pub(crate) exams: Vec<Entry<Exam>>,
}

impl ApplyFile {
    /// As if a file held this one connector.
    pub fn of_connector(connector: Connector) -> Self {
        Self {
            connectors: vec![Entry {
                line: 1,
                value: connector,
            }],
            exams: Vec::new(),
        }
    }

    /// As if a file held this one exam.
    pub fn of_exam(exam: Exam) -> Self {
        Self {
            connectors: Vec::new(),
            exams: vec![Entry { line: 1, value: exam }],
        }
    }

    /// Parses the text, takes secrets from the environment or from files below `base_dir`, and says all that is wrong.
    pub fn parse(text: &str, env: &dyn Fn(&str) -> Option<String>, base_dir: &Path) -> Result<Self, FieldErrors> {
        let source = Source { text, env, base_dir };
        if text.len() > MAX_FILE_BYTES {
            let fix = format!("split it into files of at most {MAX_FILE_BYTES} bytes");
            return Err(FieldError::new("", "the file is too large", fix).into());
        }
        let table = DeTable::parse(text).map_err(|error| not_toml(&source, &error))?;
        let mut errors = Vec::new();
        let mut file = Self {
            connectors: Vec::new(),
            exams: Vec::new(),
        };
        for (key, value) in table.get_ref() {
            let line = source.line(key.span().start);
            match key.get_ref().as_ref() {
                "connector" => {
                    for entry in entries(&source, "connector", value, &mut errors) {
                        file.connectors.extend(connector(&source, entry, &mut errors));
                    }
                }
                "exam" => {
                    for entry in entries(&source, "exam", value, &mut errors) {
                        file.exams.extend(exam(&source, entry, &mut errors));
                    }
                }
                other => errors.push(unknown_name(other, TABLES).at_line(line)),
            }
        }
        file.refuse_twins(&mut errors);
        if errors.is_empty() {
            Ok(file)
        } else {
            errors.sort_by_key(|error| error.line);
            errors.truncate(MAX_ERRORS);
            Err(FieldErrors(errors))
        }
    }

    fn refuse_twins(&self, errors: &mut Vec<FieldError>) {
        let mut seen = HashSet::new();
        let connectors = self
            .connectors
            .iter()
            .map(|entry| (entry.line, format!("connector {}", entry.value.id)));
        let exams = self
            .exams
            .iter()
            .map(|entry| (entry.line, format!("exam {}", entry.value.id)));
        for (line, target) in connectors.chain(exams) {
            if !seen.insert(target.clone()) {
                let error = FieldError::new("id", "stands in the file twice", "keep one of the two");
                errors.push(error.of(&target).at_line(line));
            }
        }
    }
}

/// Only the parser's message: its longer form repeats the line, which may hold a secret.
fn not_toml(source: &Source<'_>, error: &toml::de::Error) -> FieldErrors {
    let message = error.message().lines().collect::<Vec<_>>().join(", ");
    let problem = FieldError::new("", format!("not valid TOML: {message}"), "correct the syntax");
    match error.span() {
        Some(span) => problem.at_line(source.line(span.start)).into(),
        None => problem.into(),
    }
}

/// The tables of `[[connector]]` or `[[exam]]`.
fn entries<'a>(
    source: &Source<'_>,
    name: &str,
    value: &'a Spanned<DeValue<'a>>,
    errors: &mut Vec<FieldError>,
) -> Vec<(usize, &'a DeTable<'a>)> {
    let line = source.line(value.span().start);
    let Some(array) = value.get_ref().as_array() else {
        let fix = format!("write [[{name}]] in two brackets before each one");
        errors.push(FieldError::new(name, "not a list of tables", fix).at_line(line));
        return Vec::new();
    };
    if array.len() > MAX_ENTRIES {
        let fix = format!("split the file: at most {MAX_ENTRIES} of a kind");
        errors.push(FieldError::new(name, "too many entries", fix).at_line(line));
        return Vec::new();
    }
    let mut tables = Vec::new();
    for item in array {
        let line = source.line(item.span().start);
        match item.get_ref().as_table() {
            Some(table) => tables.push((line, table)),
            None => errors.push(FieldError::new(name, "not a table", format!("write [[{name}]]")).at_line(line)),
        }
    }
    tables
}

fn connector<'a>(
    source: &'a Source<'a>,
    (line, table): (usize, &'a DeTable<'a>),
    errors: &mut Vec<FieldError>,
) -> Option<Entry<Connector>> {
    let mut reader = Reader::new(source);
    let mut input = ConnectorInput::default();
    for field in reader.fields("", table) {
        match field.name.as_str() {
            "id" => input.id = reader.text(&field),
            "name" => input.name = reader.text(&field),
            "type" => input.kind = reader.text(&field),
            "domain" => input.domain = reader.text(&field),
            "client_id" => input.client_id = reader.text(&field),
            "client_secret" => input.client_secret = reader.secret(&field),
            "username" => input.username = reader.text(&field),
            "password" => input.password = reader.secret(&field),
            "calls_per_hour" => input.calls_per_hour = reader.integer(&field),
            "weight" => input.weight = reader.integer(&field),
            "max_concurrency" => input.max_concurrency = reader.integer(&field),
            "webhook" => input.webhook = webhook(&mut reader, &field),
            "connect_timeout_ms" => input.connect_timeout_ms = reader.integer(&field),
            "request_timeout_ms" => input.request_timeout_ms = reader.integer(&field),
            "read_before_write" => input.read_before_write = reader.text(&field),
            "verify" => input.verify = reader.text(&field),
            _ => reader.unknown(&field, CONNECTOR_FIELDS),
        }
    }
    settle("connector", line, reader, input.id.as_deref(), input.validate(), errors)
}

fn exam<'a>(
    source: &'a Source<'a>,
    (line, table): (usize, &'a DeTable<'a>),
    errors: &mut Vec<FieldError>,
) -> Option<Entry<Exam>> {
    let mut reader = Reader::new(source);
    let mut input = ExamInput::default();
    for field in reader.fields("", table) {
        match field.name.as_str() {
            "id" => input.id = reader.text(&field),
            "name" => input.name = reader.text(&field),
            "connector" => input.connector = reader.text(&field),
            "course_id" => input.course_id = reader.integer(&field),
            "on_failed" => input.on_failed = reader.text(&field),
            "on_non_graded" => input.on_non_graded = reader.text(&field),
            "write_score_on_failed" => input.write_score_on_failed = reader.boolean(&field),
            "write_score_on_non_graded" => input.write_score_on_non_graded = reader.boolean(&field),
            "version_policy" => input.version_policy = reader.text(&field),
            "check_deadline_seconds" => input.check_deadline_seconds = reader.integer(&field),
            "eligible_states" => input.eligible_states = reader.texts(&field),
            "result_field" => input.result_field = result_field(&mut reader, &field),
            _ => reader.unknown(&field, EXAM_FIELDS),
        }
    }
    settle("exam", line, reader, input.id.as_deref(), input.validate(), errors)
}

fn result_field<'a>(reader: &mut Reader<'a>, field: &Field<'a>) -> Option<ResultFieldInput> {
    let table = reader.table(field, "{ id = 12, passed = \"…\", failed = \"…\", non_graded = \"…\" }")?;
    let mut input = ResultFieldInput::default();
    for field in reader.fields("result_field.", table) {
        match field.name.as_str() {
            "result_field.id" => input.id = reader.integer(&field),
            "result_field.passed" => input.passed = reader.text(&field),
            "result_field.failed" => input.failed = reader.text(&field),
            "result_field.non_graded" => input.non_graded = reader.text(&field),
            _ => reader.unknown(&field, RESULT_FIELD_FIELDS),
        }
    }
    Some(input)
}

/// A field's name and those of all that it is part of, the innermost first.
fn with_parents(field: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(field), |name| Some(name.rsplit_once('.')?.0))
}

/// Joins what the reader and the validation found; a field that could not be read is not also reported as missing.
fn settle<T>(
    kind: &str,
    line: usize,
    reader: Reader<'_>,
    id: Option<&str>,
    validated: Result<T, FieldErrors>,
    errors: &mut Vec<FieldError>,
) -> Option<Entry<T>> {
    let unreadable: HashSet<String> = reader.errors.iter().map(|e| e.field.clone()).collect();
    let id = id.filter(|id| id.parse::<ExamId>().is_ok());
    let target = id.map_or_else(|| kind.to_owned(), |id| format!("{kind} {id}"));
    let readable = reader.errors.is_empty();
    errors.extend(reader.errors.into_iter().map(|error| error.of(&target)));
    match validated {
        Ok(value) => readable.then_some(Entry { line, value }),
        Err(found) => {
            let found = found.0.into_iter();
            let found = found.filter(|error| !with_parents(&error.field).any(|name| unreadable.contains(name)));
            errors.extend(found.map(|error| {
                let at = with_parents(&error.field).find_map(|name| reader.lines.get(name));
                let at = at.copied().unwrap_or(line);
                error.at_line(at)
            }));
            None
        }
    }
}
