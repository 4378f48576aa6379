//! Reads typed fields from TOML, each error with its line.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use secrecy::SecretString;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::field_error::{FieldError, unknown_name};

/// The most tables that are read of a list inside an entry; what may be in it is for the validation to say.
const MAX_TABLES: usize = 100;
const MAX_SECRET_FILE_BYTES: u64 = 65_536;

/// Where a file's values come from: its text, the environment, and the folder of its relative paths.
pub(crate) struct Source<'a> {
    pub(crate) text: &'a str,
    pub(crate) env: &'a dyn Fn(&str) -> Option<String>,
    pub(crate) base_dir: &'a Path,
}

impl Source<'_> {
    /// The line, counted from 1, in which an offset of the text lies.
    pub(crate) fn line(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().iter().take(offset);
        1 + before.filter(|byte| **byte == b'\n').count()
    }
}

/// One field of a table: its name as errors show it, its line, its value.
pub(crate) struct Field<'a> {
    pub(crate) name: String,
    pub(crate) line: usize,
    value: &'a DeValue<'a>,
}

/// Reads fields and keeps what went wrong with them.
pub(crate) struct Reader<'a> {
    source: &'a Source<'a>,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) lines: HashMap<String, usize>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(source: &'a Source<'a>) -> Self {
        Self {
            source,
            errors: Vec::new(),
            lines: HashMap::new(),
        }
    }

    /// The fields of a table in the order of the file, names prefixed (`webhook.`).
    pub(crate) fn fields(&mut self, prefix: &str, table: &'a DeTable<'a>) -> Vec<Field<'a>> {
        let mut fields: Vec<(usize, Field<'a>)> = table
            .iter()
            .map(|(key, value): (&Spanned<_>, &'a Spanned<DeValue<'a>>)| {
                let start = key.span().start;
                let field = Field {
                    name: format!("{prefix}{}", key.get_ref()),
                    line: self.source.line(start),
                    value: value.get_ref(),
                };
                (start, field)
            })
            .collect();
        fields.sort_by_key(|(start, _)| *start);
        for (_, field) in &fields {
            self.lines.insert(field.name.clone(), field.line);
        }
        fields.into_iter().map(|(_, field)| field).collect()
    }

    fn refuse(&mut self, field: &Field<'_>, problem: impl Into<String>, fix: impl Into<String>) {
        let error = FieldError::new(field.name.clone(), problem, fix).at_line(field.line);
        self.errors.push(error);
    }

    fn wrong_type(&mut self, field: &Field<'_>, wanted: &str) {
        let found = field.value.type_str();
        self.refuse(field, format!("a value of type {found}"), format!("write {wanted}"));
    }

    pub(crate) fn unknown(&mut self, field: &Field<'_>, known: &[&str]) {
        let error = unknown_name(&field.name, known).at_line(field.line);
        self.errors.push(error);
    }

    pub(crate) fn text(&mut self, field: &Field<'a>) -> Option<String> {
        let text = field.value.as_str().map(str::to_owned);
        if text.is_none() {
            self.wrong_type(field, "a string in quotes");
        }
        text
    }

    pub(crate) fn texts(&mut self, field: &Field<'a>) -> Option<Vec<String>> {
        let items = field.value.as_array().map(|items| items.iter());
        let texts = items.and_then(|items| {
            items
                .map(|item| item.get_ref().as_str().map(str::to_owned))
                .collect::<Option<Vec<String>>>()
        });
        if texts.is_none() {
            self.wrong_type(field, "a list of strings in quotes");
        }
        texts
    }

    /// The tables of a list, each as a field of its own: `webhook.also.0`.
    ///
    /// What is no table keeps its place, so that those after it are named as they were written.
    pub(crate) fn tables(
        &mut self,
        field: &Field<'a>,
        example: &str,
    ) -> Option<Vec<(Field<'a>, Option<&'a DeTable<'a>>)>> {
        let Some(items) = field.value.as_array() else {
            self.wrong_type(field, &format!("a list: [{example}]"));
            return None;
        };
        let mut tables = Vec::new();
        for (index, item) in items.iter().take(MAX_TABLES).enumerate() {
            let item = Field {
                name: format!("{}.{index}", field.name),
                line: self.source.line(item.span().start),
                value: item.get_ref(),
            };
            self.lines.insert(item.name.clone(), item.line);
            let table = self.table(&item, example);
            tables.push((item, table));
        }
        if items.len() > MAX_TABLES {
            self.refuse(field, "too many entries", format!("keep at most {MAX_TABLES}"));
        }
        Some(tables)
    }

    pub(crate) fn boolean(&mut self, field: &Field<'a>) -> Option<bool> {
        let boolean = field.value.as_bool();
        if boolean.is_none() {
            self.wrong_type(field, "true or false");
        }
        boolean
    }

    pub(crate) fn integer(&mut self, field: &Field<'a>) -> Option<i64> {
        let integer = field
            .value
            .as_integer()
            .and_then(|integer| i64::from_str_radix(integer.as_str(), integer.radix()).ok());
        if integer.is_none() {
            self.wrong_type(field, "a whole number without quotes");
        }
        integer
    }

    pub(crate) fn table(&mut self, field: &Field<'a>, example: &str) -> Option<&'a DeTable<'a>> {
        let table = field.value.as_table();
        if table.is_none() {
            self.wrong_type(field, example);
        }
        table
    }

    /// A secret: in the text, in the environment, or in a file.
    pub(crate) fn secret(&mut self, field: &Field<'a>) -> Option<SecretString> {
        const WAYS: &str = "a string, { env = \"NAME\" } or { file = \"path\" }";
        if let Some(text) = field.value.as_str() {
            return Some(SecretString::from(text));
        }
        let Some(table) = field.value.as_table() else {
            self.wrong_type(field, WAYS);
            return None;
        };
        let mut entries = table.iter();
        let (Some((key, value)), None) = (entries.next(), entries.next()) else {
            self.refuse(field, "not one source", format!("write {WAYS}"));
            return None;
        };
        match (key.get_ref().as_ref(), value.get_ref().as_str()) {
            ("env", Some(name)) => self.secret_of_env(field, name),
            ("file", Some(path)) => self.secret_of_file(field, path),
            (_, _) => {
                self.refuse(field, "an unknown source", format!("write {WAYS}"));
                None
            }
        }
    }

    fn secret_of_env(&mut self, field: &Field<'_>, name: &str) -> Option<SecretString> {
        let value = (self.source.env)(name).filter(|value| !value.is_empty());
        if value.is_none() {
            self.refuse(
                field,
                format!("the environment variable {name} is not set"),
                format!("export {name}"),
            );
        }
        value.map(SecretString::from)
    }

    fn secret_of_file(&mut self, field: &Field<'_>, path: &str) -> Option<SecretString> {
        let full = self.source.base_dir.join(path);
        let mut text = zeroize::Zeroizing::new(String::new());
        let read =
            std::fs::File::open(&full).and_then(|file| file.take(MAX_SECRET_FILE_BYTES).read_to_string(&mut text));
        if let Err(error) = read {
            self.refuse(
                field,
                format!("the file {} cannot be read ({error})", full.display()),
                "correct the path or the file's permissions",
            );
            return None;
        }
        // Editors and `echo` end a file with a line break that is not part of the secret.
        Some(SecretString::from(text.trim_end_matches(['\r', '\n'])))
    }
}
