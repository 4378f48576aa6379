//! One spelling per e-mail address.

/// Trims and lower-cases an address, so that two spellings of one address compare and hash alike.
pub fn normalise_email(email: &str) -> String {
    email.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::normalise_email;

    #[test]
    fn spellings_of_one_address_become_one() {
        assert_eq!(
            normalise_email("  R.Moreau+Exam@Example.ORG\n"),
            "r.moreau+exam@example.org"
        );
    }
}
