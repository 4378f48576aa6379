//! What a person must decide, and what became of it.

use super::{Actor, Code, Entry};

pub(super) const MANUAL_OVERRIDE: Entry = Entry {
    code: Code::ManualOverride.as_str(),
    title: "Somebody changed the enrolment by hand",
    explanation: "Docebo holds a value that is neither the one that passback knew last nor the one of this result. \
                  passback writes over nobody's correction, so the result waits for a person's decision.",
    who_acts: Actor::Platform,
    resolution: &[
        "See the three values, ours, theirs and the last that passback knew: passback result show RESULT_ID.",
        "Ask the organisation's Docebo administrator who changed the enrolment, and why.",
        "If Docebo's value is right: passback result decide RESULT_ID keep-theirs --reason TEXT.",
        "If the result is right: passback result decide RESULT_ID write-ours --reason TEXT.",
        "If somebody sets the enrolment back in Docebo, the result goes on by itself within hours.",
    ],
    safe_to_retry: true,
    releases_itself: true,
    http_status: None,
};

pub(super) const IDENTITY_CHANGED: Entry = Entry {
    code: Code::IdentityChanged.as_str(),
    title: "The e-mail belongs to another Docebo user now",
    explanation: "Earlier results for this e-mail went to one Docebo user, and now the e-mail leads to another one. \
                  It may be the same person with a new account, or somebody else; passback does not guess.",
    who_acts: Actor::Platform,
    resolution: &[
        "See both user ids: passback result show RESULT_ID.",
        "Ask the organisation's Docebo administrator whether both users are the same person.",
        "If they are: passback result decide RESULT_ID write-ours --reason TEXT.",
        "If they are not: passback result decide RESULT_ID keep-theirs --reason TEXT, \
         and have the exam engine send the result with the right e-mail under a new result_id.",
    ],
    safe_to_retry: true,
    releases_itself: true,
    http_status: None,
};

pub(super) const VERIFY_MISMATCH: Entry = Entry {
    code: Code::VerifyMismatch.as_str(),
    title: "Docebo does not hold what it took",
    explanation: "Docebo confirmed the write, but reading the enrolment back showed something else: it was changed \
                  since, by a person or by Docebo itself, or it was never stored. Nothing is written again unasked.",
    who_acts: Actor::Platform,
    resolution: &[
        "See what was sent and what Docebo holds: passback result show RESULT_ID.",
        "Ask the organisation's Docebo administrator whether somebody changed the enrolment.",
        "If Docebo's value is right: passback result decide RESULT_ID keep-theirs --reason TEXT.",
        "If the result is right: passback result decide RESULT_ID write-ours --reason TEXT.",
        "If somebody sets the enrolment back in Docebo, the result is verified by itself within hours.",
    ],
    safe_to_retry: true,
    releases_itself: true,
    http_status: None,
};

pub(super) const KEPT_THEIRS: Entry = Entry {
    code: Code::KeptTheirs.as_str(),
    title: "A person kept Docebo's value",
    explanation: "Docebo held something else than this result says, and a person decided that it stays. \
                  The audit trail says who, when and why.",
    who_acts: Actor::Nobody,
    resolution: &["Nothing needs to be done. If it was a mistake, hand the result in again under a new result_id."],
    safe_to_retry: false,
    releases_itself: false,
    http_status: None,
};

pub(super) const ERASED: Entry = Entry {
    code: Code::Erased.as_str(),
    title: "The candidate's data was erased",
    explanation: "Somebody with the right to do so had everything removed that could lead to the candidate, so this job \
                  cannot run any more. The ledger row stays; it holds no e-mail.",
    who_acts: Actor::Nobody,
    resolution: &["Nothing needs to be done. The audit trail says who asked for it, when and why."],
    safe_to_retry: false,
    releases_itself: false,
    http_status: None,
};
