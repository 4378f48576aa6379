//! Wake keys: the events that parked jobs wait for, each spelled once.

use passback_queue::Name;
use passback_registry::{ConnectorId, ExamId};

use crate::name::name;

/// The connector works again; a successful validation says so.
pub fn connector(connector: &ConnectorId) -> Name {
    name(&format!("connector/{connector}"))
}

/// A person of this e-mail exists at Docebo; the hash is the vault's `email_hash`.
pub fn user(connector: &ConnectorId, email_hash: &str) -> Name {
    name(&format!("user/{connector}/{email_hash}"))
}

/// A person is enrolled in a course; the hash is the vault's `email_hash`.
pub fn enrollment(connector: &ConnectorId, course_id: u64, email_hash: &str) -> Name {
    name(&format!("enrollment/{connector}/{course_id}/{email_hash}"))
}

/// A person has decided which of two results counts.
pub fn decision(result_id: &str) -> Name {
    name(&format!("decision/{result_id}"))
}

/// A version of passback that reads jobs of this kind runs.
pub fn unreadable(kind: &str) -> Name {
    name(&format!("unreadable/{kind}"))
}

/// The exam's entry, or its connector's, was stored again.
pub fn exam(exam: &ExamId) -> Name {
    name(&format!("exam/{exam}"))
}
