//! What a command prints: data on stdout, everything else on stderr.

use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

use crate::exit::Failure;

/// How data is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// For people: one row per item.
    #[default]
    Table,
    /// One JSON document.
    Json,
    /// One JSON document per line.
    Ndjson,
}

/// A column of a table: its heading and how an item fills it.
pub(crate) struct Column {
    pub(crate) heading: &'static str,
    pub(crate) cell: fn(&Value) -> String,
}

pub(crate) const fn column(heading: &'static str, cell: fn(&Value) -> String) -> Column {
    Column { heading, cell }
}

/// Prints a line of data.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    writeln!(io::stdout().lock(), "{text}").map_err(|error| Failure::output(&error))
}

/// Prints a line that is no data; nobody may be there to read it.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints items as they were asked for.
pub(crate) fn list(format: Format, items: &[Value], columns: &[Column]) -> Result<(), Failure> {
    match format {
        Format::Table if items.is_empty() => {
            note("none");
            Ok(())
        }
        Format::Table => {
            let rows = items
                .iter()
                .map(|item| columns.iter().map(|column| (column.cell)(item)).collect());
            let headings: Vec<&str> = columns.iter().map(|column| column.heading).collect();
            line(&table(&headings, rows))
        }
        Format::Json => line(&pretty(&Value::Array(items.to_vec()))),
        Format::Ndjson => items.iter().try_for_each(|item| line(&item.to_string())),
    }
}

/// Prints one item; as a table, its fields below each other.
pub(crate) fn item(format: Format, item: &Value) -> Result<(), Failure> {
    match format {
        Format::Table => {
            let Some(fields) = item.as_object() else {
                return line(&text_of(item));
            };
            let width = fields.keys().map(String::len).max().unwrap_or(0) + 2;
            fields
                .iter()
                .filter(|(_, value)| !value.is_null() && !value.is_array() && !value.is_object())
                .try_for_each(|(name, value)| line(&format!("{name:width$}{}", text_of(value))))
        }
        Format::Json => line(&pretty(item)),
        Format::Ndjson => line(&item.to_string()),
    }
}

/// Rows below upper-case headings, without borders.
pub(crate) fn table(headings: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(headings.iter().copied());
    for row in rows {
        table.add_row(row.iter().map(|cell| plain(cell)).collect::<Vec<_>>());
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

/// A field as it stands in a table; nothing is a dash.
pub(crate) fn field(item: &Value, name: &str) -> String {
    text_of(&item[name])
}

/// A text on one line without anything that a terminal obeys: names of events, say, come from outside.
pub(crate) fn plain(text: &str) -> String {
    // Beside the control characters proper, those that turn the direction of writing.
    let harmless = |letter: char| {
        !letter.is_control()
            && !matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|letter| if harmless(letter) { letter } else { '\u{fffd}' })
        .collect()
}

/// A value without JSON's quotes, on one line, fit for a terminal.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => plain(text),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}

/// Asks a person; without a terminal nobody can answer, so `--yes` must have been given.
pub(crate) fn confirm(question: &str, yes: bool) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::refused("nobody can be asked: the input is no terminal")
            .fix("say --yes to go on without a question, or --dry-run to see what would happen"));
    }
    let mut stderr = io::stderr().lock();
    let _ = write!(stderr, "{question} [y/N] ");
    let _ = stderr.flush();
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    Ok(read.is_ok() && ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_headings_and_no_borders() {
        let rows = [
            vec!["acme".to_owned(), "1".to_owned()],
            vec!["cargo-line".to_owned(), "20".to_owned()],
        ];
        assert_eq!(
            table(&["ID", "JOBS"], rows),
            "ID          JOBS\nacme        1\ncargo-line  20"
        );
    }

    #[test]
    fn what_a_terminal_would_obey_is_not_printed() {
        let event = serde_json::json!({"event": "a\u{1b}[2Jb\r\n\u{9b}c\u{202e}d"});
        assert_eq!(
            field(&event, "event"),
            "a\u{fffd}[2Jb\u{fffd}\u{fffd}\u{fffd}c\u{fffd}d"
        );
        assert_eq!(
            table(&["ID"], [vec!["\u{1b}]0;x\u{7}é".to_owned()]]),
            "ID\n\u{fffd}]0;x\u{fffd}é"
        );
    }

    #[test]
    fn a_missing_field_is_a_dash() {
        assert_eq!(field(&serde_json::json!({"code": null}), "code"), "-");
        assert_eq!(field(&serde_json::json!({}), "code"), "-");
    }
}
