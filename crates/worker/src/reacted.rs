//! What the reaction to an event of Docebo's came to.

use passback_queue::Name;

/// What it came to, the weightier the later: where an event concerns several results, the weightiest speaks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Word {
    /// It is about nobody that passback has to do with.
    NotOurs,
    /// Another platform has told it than the connector leads to.
    OtherPlatform,
    /// There was nothing left to do.
    NothingToDo,
    /// Something newer is known.
    Stale,
    /// It is remembered.
    Marked,
    /// Jobs that waited for it go on.
    Released,
    /// A result waits to be written, and looks at the enrolment before it is.
    Waits,
    /// Docebo had said so before.
    AlreadyConfirmed,
    /// A write is confirmed by it.
    Confirmed,
    /// It does not say enough, so that the enrolment is read.
    AskedDocebo,
    /// Somebody else has changed the enrolment.
    BySomeoneElse,
}

impl Word {
    /// The word as it stands in answers.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::NotOurs => "not_ours",
            Self::OtherPlatform => "other_platform",
            Self::NothingToDo => "nothing_to_do",
            Self::Stale => "stale",
            Self::Marked => "marked",
            Self::Released => "released",
            Self::Waits => "waits",
            Self::AlreadyConfirmed => "already_confirmed",
            Self::Confirmed => "confirmed",
            Self::AskedDocebo => "asked_docebo",
            Self::BySomeoneElse => "by_someone_else",
        }
    }
}

/// What the reaction to an event came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reacted {
    pub(crate) word: Word,
    /// The result that it is about.
    pub(crate) result: Option<Name>,
    /// More about it; nothing personal.
    pub(crate) detail: Option<String>,
}

impl Reacted {
    /// With the result that it is about.
    pub(crate) fn about(self, result: &Name) -> Self {
        Self {
            result: Some(result.clone()),
            ..self
        }
    }

    /// With a few words more.
    pub(crate) fn saying(self, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..self
        }
    }

    /// The weightier of two.
    pub(crate) fn or(self, other: Self) -> Self {
        if other.word > self.word { other } else { self }
    }

    /// So many jobs go on.
    pub(crate) fn released(jobs: u64) -> Self {
        match jobs {
            0 => Word::NothingToDo.into(),
            1 => Self::from(Word::Released).saying("1 job goes on"),
            jobs => Self::from(Word::Released).saying(format!("{jobs} jobs go on")),
        }
    }
}

impl From<Word> for Reacted {
    fn from(word: Word) -> Self {
        Self {
            word,
            result: None,
            detail: None,
        }
    }
}
