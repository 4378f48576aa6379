//! The forms of texts, as JSON Schema says them.

use serde_json::{Value, json};

/// White space, as Rust trims it.
const WHITE: &str = r"\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";
/// White space and control characters, none of which stands inside a word.
const BLANK: &str = r"\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";
/// Control characters.
const CONTROL: &str = r"\u0000-\u001f\u007f-\u009f";

/// The id of a connector or an exam.
pub(super) const ID: &str = "^[a-z0-9][a-z0-9_-]{0,62}$";
/// The id of a result.
pub(super) const RESULT_ID: &str = "^[A-Za-z0-9._:-]{1,128}$";
/// The place in a walk over all jobs.
pub(super) const SLICE: &str = "^[0-9]{1,19}$";
/// A length of time up to a year.
pub(super) const LENGTH: &str =
    "^([1-9][0-9]{0,6}s|[1-9][0-9]{0,4}m|[1-9][0-9]{0,2}h|([1-9][0-9]?|[12][0-9]{2}|3[0-5][0-9]|36[0-5])d)$";
/// A platform's host, or a simulator on this machine.
pub(super) const DOMAIN: &str = "^((https://)?([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z]{2,24}\
    (:[1-9][0-9]{0,3})?|http://127\\.0\\.0\\.1(:[1-9][0-9]{0,3})?)$";

/// A text for people: something must be left once white space around it is gone, and no control character in it.
pub(super) fn words(max_chars: usize) -> Value {
    let end = format!("[^{BLANK}]");
    json!({
        "minLength": 1,
        "maxLength": max_chars,
        "pattern": format!("^[{WHITE}]*{end}([^{CONTROL}]*{end})?[{WHITE}]*$"),
    })
}

/// A user name that is followed by a colon on its way.
pub(super) fn login(max_chars: usize) -> Value {
    let end = format!("[^:{BLANK}]");
    json!({
        "type": "string",
        "minLength": 1,
        "maxLength": max_chars,
        "pattern": format!("^{end}([^:{CONTROL}]*{end})?$"),
    })
}

/// One address: something, an @, and a domain with a dot.
pub(super) fn email() -> Value {
    let (local, label) = (format!("[^@{BLANK}]"), format!("[^@.{BLANK}]"));
    json!({
        "description": "One address like name@example.org; white space around it is taken off.",
        "minLength": 5,
        "maxLength": 254,
        "pattern": format!("^{local}+@{label}+(\\.{label}+)+$"),
    })
}
