//! Makes foreign text fit for records: short, printable, without addresses and secrets.

use std::fmt::Write;

const MAX_EXCERPT_CHARS: usize = 300;
/// Redaction shortens, so more is read than is kept.
const MAX_READ_CHARS: usize = 4096;
const MIN_TOKEN_CHARS: usize = 20;
const MIN_LETTERS_ONLY_TOKEN_CHARS: usize = 32;

const SECRET_KEYS: [&str; 8] = [
    "access_token",
    "assertion",
    "authorization",
    "client_secret",
    "password",
    "refresh_token",
    "secret",
    "token",
];

/// At most 300 printable characters of `text`, with e-mail addresses and what looks like a token replaced.
pub(crate) fn excerpt(text: &str) -> String {
    let mut kept: String = text
        .chars()
        .take(MAX_READ_CHARS)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(MAX_READ_CHARS).is_some() {
        // The last word may be half an address; half an address is not recognised.
        let whole_words = kept.trim_end_matches(is_word_char).len();
        kept.truncate(whole_words);
    }
    let kept = kept.replace("\\u0040", "@");
    let kept = kept.split_whitespace().collect::<Vec<_>>().join(" ");
    shortened(&redacted(&kept))
}

/// The excerpt of a text in which these very values must not appear, whatever they look like.
pub(crate) fn excerpt_without(text: &str, values: &[&str]) -> String {
    let mut text = text.to_owned();
    for value in values.iter().filter(|value| !value.is_empty()) {
        text = text.replace(value, "[redacted]");
    }
    excerpt(&text)
}

fn redacted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut value_is_secret = false;
    while !rest.is_empty() {
        let word_len = rest.find(|c| !is_word_char(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(word_len);
        let gap_len = after.find(is_word_char).unwrap_or(after.len());
        let (gap, after) = after.split_at(gap_len);
        let replacement = if word.is_empty() {
            word
        } else if value_is_secret || looks_like_token(word) {
            "[redacted]"
        } else if looks_like_email(word) {
            "[e-mail]"
        } else {
            word
        };
        // Writing to a String cannot fail.
        let _ = write!(out, "{replacement}{gap}");
        value_is_secret = names_a_secret(word, gap);
        rest = after;
    }
    out
}

/// Whether the word that follows is the value of a secret: `password=…`, `"token":"…"`, `Bearer …`.
fn names_a_secret(word: &str, gap: &str) -> bool {
    let word = word.to_ascii_lowercase();
    word == "bearer" || (SECRET_KEYS.contains(&word.as_str()) && gap.contains([':', '=']))
}

fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '+' | '~' | '@' | '%' | '\'')
}

fn looks_like_email(word: &str) -> bool {
    word.contains('@') || word.contains("%40")
}

fn looks_like_token(word: &str) -> bool {
    // By segments, so that a long host name stays readable while a JWT does not.
    word.split('.').any(|segment| {
        let chars = segment.chars().count();
        let has_digit = segment.chars().any(|c| c.is_ascii_digit());
        (chars >= MIN_TOKEN_CHARS && has_digit) || chars >= MIN_LETTERS_ONLY_TOKEN_CHARS
    })
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= MAX_EXCERPT_CHARS {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(MAX_EXCERPT_CHARS - 1).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::{excerpt, excerpt_without};

    #[rstest]
    #[case("User r.moreau+x@example.org is unknown", "User [e-mail] is unknown")]
    #[case("?search_text=r.moreau%40example.org&page=1", "?search_text=[e-mail]&page=1")]
    #[case(r#""email":"r.moreau\u0040example.org""#, r#""email":"[e-mail]""#)]
    #[case("token 3f0c9a1be27d4c55a8e0b1c2d3e4f5a6b7c8d9e0 expired", "token [redacted] expired")]
    #[case("Authorization: Bearer abc", "Authorization: [redacted] [redacted]")]
    #[case(
        r#"{"client_secret":"hush","password" : "x"}"#,
        r#"{"client_secret":"[redacted]","password" : "[redacted]"}"#
    )]
    #[case("eyJhbGciOiJSUzI1NiIsInR5.eyJzdWIiOiIxMjM0NTY3.c2ln", "[redacted]")]
    #[case("The password is wrong", "The password is wrong")]
    #[case(
        "see https://acme.docebosaas.com/learn/v1",
        "see https://acme.docebosaas.com/learn/v1"
    )]
    #[case("a\u{0}b\r\n\tc\u{1b}[31m", "a b c [31m")]
    fn what_identifies_or_opens_is_replaced(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(excerpt(text), expected);
    }

    #[test]
    fn known_values_are_replaced_whatever_they_look_like() {
        assert_eq!(
            excerpt_without("wrong secret hush for integration", &["hush", "integration", ""]),
            "wrong secret [redacted] for [redacted]"
        );
    }

    #[test]
    fn an_address_cut_by_the_read_limit_does_not_leak_its_beginning() {
        let padding = "r.moreau@example.org ".repeat(4096 / 21);
        let text = format!("{padding}{}", "q".repeat(200));
        let shown = excerpt(&text);
        assert!(!shown.contains("moreau"), "{shown}");
        assert!(!shown.contains('q'), "{shown}");
    }

    proptest! {
        #[test]
        fn any_text_becomes_short_and_printable(text in any::<String>(), copies in 1_usize..50) {
            let shown = excerpt(&text.repeat(copies));
            prop_assert!(shown.chars().count() <= 300);
            prop_assert!(!shown.chars().any(char::is_control));
            prop_assert!(!shown.contains('@') || text.chars().any(|c| c == '@'));
        }

        #[test]
        fn an_address_never_survives(local in "[a-z0-9._+-]{1,20}", before in "[ \"<(:=,;]{0,3}") {
            let shown = excerpt(&format!("x{before} {local}@example.org, y"));
            prop_assert!(!shown.contains("@example.org"), "{}", shown);
        }
    }
}
