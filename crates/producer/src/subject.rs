//! Whose record in which course: what a result is about, and what must not be written by two jobs at once.

use passback_queue::Name;
use passback_registry::{ConnectorId, Vault};

use crate::name::name;

/// A person in a course: `connector/course/hash of the e-mail`, both the serialisation key and the ledger's subject.
pub fn subject(connector: &ConnectorId, course_id: u64, email: &str, vault: &Vault) -> Name {
    subject_of(connector, course_id, &vault.email_hash(email))
}

/// The same for a person whose e-mail is known by its keyed hash.
pub fn subject_of(connector: &ConnectorId, course_id: u64, person: &str) -> Name {
    name(&format!("{connector}/{course_id}/{person}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_the_same_for_every_spelling_and_shows_no_address() {
        let (vault, _) = Vault::generate();
        let acme: ConnectorId = "acme".parse().unwrap();
        let one = subject(&acme, 146, "R.Moreau@Example.org ", &vault);
        assert_eq!(one, subject(&acme, 146, "r.moreau@example.org", &vault));
        assert_ne!(one, subject(&acme, 147, "r.moreau@example.org", &vault));
        assert!(one.as_str().starts_with("acme/146/"));
        assert!(!one.as_str().contains("moreau"));
    }
}
