//! The lines of a file of results, cut into batches; a line that cannot be sent is refused here, and no other with it.

use std::path::Path;

use serde_json::{Value, json};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

use crate::exit::Failure;

/// Lines in one batch, those that are refused here among them.
const BATCH_LINES: usize = 1_000;
/// The longest line; the server takes no longer one.
const MAX_LINE_BYTES: usize = 16 * 1024;
/// What is read of a line at most: the longest one with its line end.
const MAX_READ_BYTES: u64 = MAX_LINE_BYTES as u64 + 2;

/// Lines on their way.
#[derive(Default)]
pub(super) struct Batch {
    /// The lines to send, each with its line feed.
    pub(super) text: String,
    /// The number in the file of each line to send.
    pub(super) numbers: Vec<u64>,
    /// Verdicts on the lines that are not sent, as the server would say them.
    pub(super) refused: Vec<Value>,
    /// What all of it took in the file.
    pub(super) read_bytes: u64,
}

/// Reads up to a batch of lines that are not blank; nothing at the end of the file.
pub(super) async fn read_batch(
    lines: &mut (dyn AsyncBufRead + Unpin + Send),
    number: &mut u64,
    path: &Path,
) -> Result<Option<Batch>, Failure> {
    let mut batch = Batch::default();
    while batch.numbers.len() + batch.refused.len() < BATCH_LINES {
        let line = read_line(lines).await.map_err(|error| unreadable(path, &error))?;
        let Some((line, read_bytes)) = line else {
            break;
        };
        *number += 1;
        let line = if *number == 1 { without_mark(line) } else { line };
        batch.read_bytes += read_bytes;
        match line {
            Line::Text(text) if text.is_empty() => {}
            Line::Text(text) => {
                batch.text.push_str(&text);
                batch.text.push('\n');
                batch.numbers.push(*number);
            }
            Line::TooLong => {
                let detail = format!("The line is longer than {MAX_LINE_BYTES} bytes.");
                batch.refused.push(refused(*number, "too_large", &detail));
            }
            Line::NotUtf8 => {
                let detail = "The line is not UTF-8; save the file in that encoding.";
                batch.refused.push(refused(*number, "malformed_json", detail));
            }
        }
    }
    Ok((batch.read_bytes > 0).then_some(batch))
}

/// The failure of a file that cannot be read; what it should hold, the command says.
pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::refused(format!("the file {} cannot be read: {error}", path.display()))
}

/// What a line is.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    /// Without the blanks at its end.
    Text(String),
    TooLong,
    NotUtf8,
}

/// One line and the bytes it took; never more than the longest line is held.
async fn read_line(lines: &mut (dyn AsyncBufRead + Unpin + Send)) -> std::io::Result<Option<(Line, u64)>> {
    let mut bytes = Vec::new();
    let mut read_bytes = (&mut *lines).take(MAX_READ_BYTES).read_until(b'\n', &mut bytes).await? as u64;
    if read_bytes == 0 {
        return Ok(None);
    }
    if read_bytes == MAX_READ_BYTES && !bytes.ends_with(b"\n") {
        read_bytes += skip_line(lines).await?;
        return Ok(Some((Line::TooLong, read_bytes)));
    }
    let line = match std::str::from_utf8(&bytes).map(str::trim_end) {
        Ok(text) if text.len() > MAX_LINE_BYTES => Line::TooLong,
        Ok(text) => Line::Text(text.to_owned()),
        Err(_) => Line::NotUtf8,
    };
    Ok(Some((line, read_bytes)))
}

/// A text without the byte order mark that some programs put at the start of a file.
fn without_mark(line: Line) -> Line {
    match line {
        Line::Text(text) => Line::Text(text.trim_start_matches('\u{feff}').to_owned()),
        Line::TooLong | Line::NotUtf8 => line,
    }
}

/// Passes over the rest of a line, and says how long it was.
async fn skip_line(lines: &mut (dyn AsyncBufRead + Unpin + Send)) -> std::io::Result<u64> {
    let mut skipped_bytes = 0;
    loop {
        let held = lines.fill_buf().await?;
        let end = held.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(held.len(), |at| at + 1);
        lines.consume(length);
        skipped_bytes += length as u64;
        if end.is_some() || length == 0 {
            return Ok(skipped_bytes);
        }
    }
}

fn refused(line: u64, code: &str, detail: &str) -> Value {
    json!({
        "line": line, "result_id": null, "status": "refused", "code": code, "problem": {"code": code, "detail": detail},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(mut text: &[u8]) -> Batch {
        let mut number = 0;
        let batch = read_batch(&mut text, &mut number, Path::new("x")).await.unwrap();
        let rest = read_batch(&mut text, &mut number, Path::new("x")).await.unwrap();
        assert!(rest.is_none(), "one batch holds all");
        batch.unwrap()
    }

    #[tokio::test]
    async fn blank_lines_are_left_out_and_keep_their_numbers() {
        let batch = read(b"{\"a\":1}\r\n\n  \n{\"b\":2}").await;
        assert_eq!(batch.text, "{\"a\":1}\n{\"b\":2}\n");
        assert_eq!(batch.numbers, [1, 4]);
        assert_eq!(batch.read_bytes, 20);
    }

    #[tokio::test]
    async fn a_mark_at_the_start_of_a_file_is_passed_over() {
        let batch = read("\u{feff}{\"a\":1}\n{\"b\":2}\n".as_bytes()).await;
        assert_eq!(batch.text, "{\"a\":1}\n{\"b\":2}\n");
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_refused_alone() {
        let mut text = b"{\"a\":1}\n".to_vec();
        text.extend(vec![b'x'; 5 * MAX_LINE_BYTES]);
        text.extend(b"\n{\"b\":2}\n");
        let batch = read(&text).await;
        assert_eq!(batch.text, "{\"a\":1}\n{\"b\":2}\n");
        assert_eq!(batch.numbers, [1, 3]);
        assert_eq!(batch.refused.len(), 1);
        assert_eq!(
            (&batch.refused[0]["line"], &batch.refused[0]["code"]),
            (&json!(2), &json!("too_large"))
        );
        assert_eq!(batch.read_bytes, text.len() as u64);
    }

    #[tokio::test]
    async fn the_longest_line_is_sent_and_one_byte_more_is_not() {
        for (length, sent) in [(MAX_LINE_BYTES, 1), (MAX_LINE_BYTES + 1, 0)] {
            for end in ["", "\n", "\r\n"] {
                let text = "x".repeat(length) + end;
                let batch = read(text.as_bytes()).await;
                assert_eq!(
                    (batch.numbers.len(), batch.refused.len()),
                    (sent, 1 - sent),
                    "{length} {end:?}"
                );
            }
        }
    }

    #[tokio::test]
    async fn a_line_that_is_not_utf_8_is_refused_and_never_changed() {
        let batch = read(b"{\"a\":1}\n{\"name\":\"Andr\xe9\"}\n{\"b\":2}\n").await;
        assert_eq!(batch.text, "{\"a\":1}\n{\"b\":2}\n");
        assert_eq!(batch.numbers, [1, 3]);
        assert_eq!(
            (&batch.refused[0]["line"], &batch.refused[0]["code"]),
            (&json!(2), &json!("malformed_json"))
        );
    }
}
