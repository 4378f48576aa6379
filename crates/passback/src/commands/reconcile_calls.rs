//! The ids of a file, cut into calls; a line that holds none is answered here.

use std::path::Path;

use passback_registry::without_emails;
use serde_json::{Value, json};
use tokio::io::AsyncBufRead;

use super::push_lines::{Batch, read_batch};
use crate::exit::Failure;

/// Ids in one call: few enough that the bar moves, and that all answers of a call are held at once.
const CALL_IDS: usize = 10_000;
/// What is shown of a line that holds no id.
const EXCERPT_CHARS: usize = 40;

/// Ids on their way.
#[derive(Default)]
pub(super) struct Call {
    /// The ids, each as a JSON text on a line of its own.
    pub(super) text: String,
    /// The number in the file of each id.
    pub(super) numbers: Vec<u64>,
    /// The beginning of each of these lines, to be shown if the server takes it for no id.
    pub(super) excerpts: Vec<String>,
    /// Answers on the lines that hold no id, as the server would say them.
    pub(super) invalid: Vec<Value>,
    /// What all of it took in the file.
    pub(super) read_bytes: u64,
}

/// Reads up to a call's ids; nothing at the end of the file.
pub(super) async fn read_call(
    lines: &mut (dyn AsyncBufRead + Unpin + Send),
    number: &mut u64,
    path: &Path,
) -> Result<Option<Call>, Failure> {
    let mut call = Call::default();
    while call.numbers.len() + call.invalid.len() < CALL_IDS {
        match read_batch(lines, number, path).await? {
            Some(batch) => call.take(batch),
            None => break,
        }
    }
    Ok((call.read_bytes > 0).then_some(call))
}

impl Call {
    fn take(&mut self, batch: Batch) {
        self.read_bytes += batch.read_bytes;
        for refused in batch.refused {
            let detail = &refused["problem"]["detail"];
            self.invalid.push(invalid(&refused["line"], detail, None));
        }
        for (line, number) in batch.text.lines().zip(batch.numbers) {
            let excerpt = excerpt(line);
            if let Some(id) = id_of(line) {
                self.text.push_str(&Value::from(id).to_string());
                self.text.push('\n');
                self.numbers.push(number);
                self.excerpts.push(excerpt);
            } else {
                let detail = "The line holds no result id.".into();
                self.invalid.push(invalid(&number.into(), &detail, Some(&excerpt)));
            }
        }
    }
}

/// The id of a line: bare, as a JSON text, or in a JSON object as `result_id`. Whether it can be one, the server says.
fn id_of(line: &str) -> Option<String> {
    let line = line.trim();
    if !line.starts_with(['{', '"']) {
        return Some(line.to_owned());
    }
    match serde_json::from_str(line).ok()? {
        Value::String(id) => Some(id),
        Value::Object(mut result) => match result.remove("result_id")? {
            Value::String(id) => Some(id),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

/// The beginning of a line, without addresses and without what a terminal would obey.
fn excerpt(line: &str) -> String {
    let text = without_emails(line);
    let shown: String = text
        .chars()
        .filter(|char| !char.is_control())
        .take(EXCERPT_CHARS)
        .collect();
    if shown.len() < text.len() {
        format!("{shown}…")
    } else {
        shown
    }
}

fn invalid(line: &Value, detail: &Value, excerpt: Option<&str>) -> Value {
    json!({
        "line": line, "result_id": null, "status": "invalid", "state": null, "code": "invalid_request", "detail": detail,
        "excerpt": excerpt,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn ids_and_results_make_a_call_and_other_lines_are_answered_here() {
        let text = "r-1\n\n{\"result_id\": \"r-2\", \"email\": \"r.moreau@example.org\"}\n\"r-3\"\n{\"id\": 4}\r\n";
        let (mut lines, mut number) = (text.as_bytes(), 0);
        let call = read_call(&mut lines, &mut number, Path::new("x"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(call.text, "\"r-1\"\n\"r-2\"\n\"r-3\"\n");
        assert_eq!(call.numbers, [1, 3, 4]);
        assert_eq!((call.invalid.len(), &call.invalid[0]["line"]), (1, &json!(5)));
        assert_eq!(call.invalid[0]["excerpt"], "{\"id\": 4}");
        assert_eq!(call.excerpts.len(), 3);
        assert_eq!(call.read_bytes, text.len() as u64);
        let rest = read_call(&mut lines, &mut number, Path::new("x")).await.unwrap();
        assert!(rest.is_none());
    }

    #[test]
    fn an_excerpt_is_short_and_holds_no_address() {
        assert_eq!(excerpt("r 1\u{1b}[2J"), "r 1[2J…");
        assert_eq!(excerpt("r-1;r.moreau@example.org;passed"), "[e-mail]");
        assert_eq!(excerpt(&"x".repeat(41)), format!("{}…", "x".repeat(40)));
    }
}
