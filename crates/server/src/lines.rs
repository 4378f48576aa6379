//! Lines out of pieces of a body, each bounded.

use bytes::{Bytes, BytesMut};

/// The longest line; the rest of a longer one is passed over.
pub(crate) const MAX_LINE_BYTES: usize = 16 * 1024;

/// A line that is not blank.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its number in the body, from 1, blank lines counted.
    pub(crate) number: u64,
    /// Its bytes; none if there were too many.
    pub(crate) bytes: Option<Bytes>,
}

/// Cuts pieces into lines and holds no more than one line.
#[derive(Debug, Default)]
pub(crate) struct LineCutter {
    rest: BytesMut,
    too_long: bool,
    number: u64,
}

impl LineCutter {
    /// Takes a piece and gives the lines that are now whole.
    pub(crate) fn push(&mut self, piece: &[u8], into: &mut impl Extend<Line>) {
        let mut parts = piece.split(|byte| *byte == b'\n');
        // `split` gives at least one part; what follows the last line feed is no whole line yet.
        let last = parts.next_back().unwrap_or_default();
        for part in parts {
            self.keep(part);
            into.extend(self.end_line());
        }
        self.keep(last);
    }

    /// The last line, which may lack its line feed.
    pub(crate) fn finish(&mut self) -> Option<Line> {
        self.end_line()
    }

    /// The number that the next line will have.
    pub(crate) fn next_number(&self) -> u64 {
        self.number + 1
    }

    fn keep(&mut self, part: &[u8]) {
        if self.too_long || self.rest.len() + part.len() > MAX_LINE_BYTES {
            self.too_long = true;
            self.rest.clear();
        } else {
            self.rest.extend_from_slice(part);
        }
    }

    fn end_line(&mut self) -> Option<Line> {
        self.number += 1;
        let bytes = self.rest.split().freeze();
        if std::mem::take(&mut self.too_long) {
            return Some(Line {
                number: self.number,
                bytes: None,
            });
        }
        let blank = bytes.iter().all(u8::is_ascii_whitespace);
        (!blank).then_some(Line {
            number: self.number,
            bytes: Some(bytes),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<(u64, Option<String>)> {
        let mut cutter = LineCutter::default();
        let mut lines = Vec::new();
        for piece in pieces {
            cutter.push(piece, &mut lines);
        }
        lines.extend(cutter.finish());
        let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        lines
            .into_iter()
            .map(|line| (line.number, line.bytes.map(text)))
            .collect()
    }

    #[test]
    fn lines_come_out_whole_however_the_body_was_cut() {
        let whole = b"one\n\ntwo\r\nthree";
        let expected = vec![
            (1, Some("one".to_owned())),
            (3, Some("two\r".to_owned())),
            (4, Some("three".to_owned())),
        ];
        for at in 0..=whole.len() {
            assert_eq!(lines(&[&whole[..at], &whole[at..]]), expected, "cut at {at}");
        }
        let single: Vec<&[u8]> = whole.chunks(1).collect();
        assert_eq!(lines(&single), expected);
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_and_the_next_one_read() {
        let long = "x".repeat(MAX_LINE_BYTES + 1);
        let body = format!("a\n{long}\nb\n");
        let expected = vec![(1, Some("a".to_owned())), (2, None), (3, Some("b".to_owned()))];
        assert_eq!(lines(&[body.as_bytes()]), expected);
        let pieces: Vec<&[u8]> = body.as_bytes().chunks(1000).collect();
        assert_eq!(lines(&pieces), expected);
    }

    #[test]
    fn nothing_is_no_line() {
        assert_eq!(lines(&[b"\n\n  \n"]), []);
        assert_eq!(lines(&[]), []);
    }
}
