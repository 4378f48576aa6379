//! Names for the queue, made of parts that fit.

use passback_queue::{MAX_NAME_BYTES, Name};

/// Makes a name of a text that is one by construction; what does not fit is replaced or cut rather than refused.
#[expect(clippy::expect_used, reason = "filtered to what a name may hold just before")]
pub(crate) fn name(text: &str) -> Name {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._:/@+-".contains(c);
    let mut plain: String = text
        .chars()
        .map(|c| if fits(c) { c } else { '_' })
        .take(MAX_NAME_BYTES)
        .collect();
    if plain.is_empty() {
        plain.push('_');
    }
    Name::new(plain).expect("only what a name may hold is left")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_becomes_a_name() {
        assert_eq!(name("acme/146/0f3c").as_str(), "acme/146/0f3c");
        assert_eq!(name("a b|ü").as_str(), "a_b__");
        assert_eq!(name("").as_str(), "_");
        assert_eq!(name(&"x".repeat(500)).as_str().len(), MAX_NAME_BYTES);
    }
}
