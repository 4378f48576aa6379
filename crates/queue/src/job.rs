//! What a caller hands in, and the rule for the names inside it.

use crate::{JobId, Lane};

/// The longest name (connector, key, kind, wake key, code) in bytes.
pub const MAX_NAME_BYTES: usize = 200;
/// The largest payload of one job in bytes.
pub const MAX_PAYLOAD_BYTES: usize = 64 * 1024;

/// A job to be stored.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Made by the caller: enqueueing it twice stores it once.
    pub id: JobId,
    /// Whose slots it takes.
    pub lane: Lane,
    /// The tenant it belongs to.
    pub connector: Name,
    /// Jobs of one key never run at once; none means it never waits for another.
    pub key: Option<Name>,
    /// The payload's tag, `push.v1` and the like.
    pub kind: Name,
    /// How long it waits before it is ready, in milliseconds.
    pub delay_ms: u64,
    /// How long it is of use, in milliseconds; after that it expires unrun.
    pub ttl_ms: Option<u64>,
    /// What it is about, for lists and views: the exam.
    pub about: Option<Name>,
    /// W3C trace context of the enqueue, for linking the run to it.
    pub trace: Option<Name>,
    /// Opaque to the queue.
    pub payload: Vec<u8>,
}

/// A name that fits into keys and records: letters, digits and `. _ : / @ + -`, 1 to 200 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(String);

/// The text is no name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("names here have 1 to {MAX_NAME_BYTES} of: letters, digits and . _ : / @ + -")]
pub struct InvalidName;

impl Name {
    /// Checks a text.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidName> {
        let text = text.into();
        let fits = (1..=MAX_NAME_BYTES).contains(&text.len());
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/@+-".contains(&byte);
        if fits && text.bytes().all(plain) {
            Ok(Self(text))
        } else {
            Err(InvalidName)
        }
    }

    /// A name spelled in this crate, known to fit.
    pub(crate) fn from_static(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Name {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_break_a_record() {
        for text in ["", "a|b", "a\nb", "a b", "ü", &"x".repeat(MAX_NAME_BYTES + 1)] {
            assert_eq!(Name::new(text), Err(InvalidName), "{text:?}");
        }
        assert!(Name::new("acme/146/0f3c@x").is_ok());
    }
}
