//! Where a walk over all jobs goes on.

pub(crate) const PROBLEM: &str = "not a cursor of this walk";
pub(crate) const FIX: &str = "use the next_cursor of the answer before, or leave it out to begin";

/// The cursor in a request; 0 where there is none, nothing where it is no cursor.
pub(crate) fn parse(text: Option<&str>) -> Option<u64> {
    match text {
        None => Some(0),
        Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_a_plain_number_and_none_is_the_beginning() {
        assert_eq!(parse(None), Some(0));
        assert_eq!(parse(Some("18446744073709551615")), Some(u64::MAX));
        for text in ["", "-1", "+1", "1-0", "18446744073709551616", "x"] {
            assert_eq!(parse(Some(text)), None, "{text}");
        }
    }
}
