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
/// The longest age that may be asked for, in days.
const AGE_DAYS: u64 = 400;
/// The longest pause, in days.
const PAUSE_DAYS: u64 = 365;
/// The longest life of a token, in days.
const TOKEN_DAYS: u64 = 3_650;
/// A platform's host, or a simulator on this machine.
pub(super) const DOMAIN: &str = "^((https://)?([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z]{2,24}\
    (:[1-9][0-9]{0,3})?|http://127\\.0\\.0\\.1(:[1-9][0-9]{0,3})?)$";

/// How long a pause may last.
pub(super) fn pause() -> String {
    format!(
        "^(({})s|{})$",
        numbers(1, PAUSE_DAYS * 86_400),
        from_minutes(PAUSE_DAYS)
    )
}

/// How long something may have waited at least.
pub(super) fn age() -> String {
    format!(
        "^(0[smhd]|({})s|{})$",
        numbers(1, AGE_DAYS * 86_400),
        from_minutes(AGE_DAYS)
    )
}

/// How long a token may live: a minute at least.
pub(super) fn token_life() -> String {
    let seconds = numbers(3, TOKEN_DAYS * 86_400);
    format!("^(([6-9][0-9]|{seconds})s|{})$", from_minutes(TOKEN_DAYS))
}

/// Minutes, hours and days up to so many days.
fn from_minutes(days: u64) -> String {
    let [m, h, d] = [1_440, 24, 1].map(|units| numbers(1, days * units));
    format!("({m})m|({h})h|({d})d")
}

/// The whole numbers with at least so many digits up to the largest one, without zeros before them.
fn numbers(least_digits: usize, largest: u64) -> String {
    let text = largest.to_string();
    let digits = text.len();
    let mut forms = Vec::new();
    if digits > least_digits {
        forms.push(format!("[1-9][0-9]{{{},{}}}", least_digits - 1, digits - 2));
    }
    // What shares the first digits with the largest and then has a smaller one.
    for (place, digit) in text.bytes().enumerate() {
        let least = if place == 0 { b'1' } else { b'0' };
        if digit > least {
            let (before, below, behind) = (&text[..place], char::from(digit - 1), digits - place - 1);
            forms.push(format!("{before}[{}-{below}][0-9]{{{behind}}}", char::from(least)));
        }
    }
    forms.push(text);
    forms.join("|")
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_up_to_one_are_exactly_those() {
        for largest in [1, 7, 10, 60, 99, 100, 365, 3_650] {
            let schema = json!({"pattern": format!("^({})$", numbers(1, largest))});
            let validator = jsonschema::validator_for(&schema).unwrap();
            for number in 0..=largest + 1_200 {
                let right = (1..=largest).contains(&number);
                assert_eq!(
                    validator.is_valid(&json!(number.to_string())),
                    right,
                    "{number} of {largest}"
                );
            }
            assert!(!validator.is_valid(&json!("01")));
        }
    }
}
