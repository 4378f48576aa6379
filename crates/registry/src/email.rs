//! One spelling per e-mail address.

/// Trims and lower-cases an address, so that two spellings of one address compare and hash alike.
pub fn normalise_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Takes e-mail addresses out of a text that people wrote; white space becomes single spaces.
pub fn without_emails(text: &str) -> String {
    let words = text
        .split_whitespace()
        .map(|word| if word.contains('@') { "[e-mail]" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{normalise_email, without_emails};

    #[test]
    fn an_address_is_taken_out_of_a_text() {
        assert_eq!(
            without_emails("asked by <r.moreau@example.org>,\n by  phone"),
            "asked by [e-mail] by phone"
        );
    }

    #[test]
    fn spellings_of_one_address_become_one() {
        assert_eq!(
            normalise_email("  R.Moreau+Exam@Example.ORG\n"),
            "r.moreau+exam@example.org"
        );
    }
}
