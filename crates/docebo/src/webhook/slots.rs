//! Takes a payload's values for the fields of a struct, and puts them back.

use serde_json::{Map, Value};

use super::kind::{Kind, Reading};

/// A payload from which the fields of a struct are taken one by one.
pub(super) struct Slots {
    /// What was sent for a field that is unset.
    pub(super) unset: Map<String, Value>,
    /// What no field has taken.
    pub(super) other: Map<String, Value>,
}

impl Slots {
    pub(super) fn of(payload: Map<String, Value>) -> Self {
        Self {
            unset: Map::new(),
            other: payload,
        }
    }

    /// Takes the value of one field; a value that does not fit stays among the others.
    pub(super) fn take<K: Kind>(&mut self, name: &str) -> Option<K::Holds> {
        match K::read(self.other.get(name)?) {
            Reading::Set(held) => {
                self.other.remove(name);
                Some(held)
            }
            Reading::Unset => {
                self.unset.extend(self.other.remove_entry(name));
                None
            }
            Reading::Unfit => None,
        }
    }
}

/// The beginning of a payload: what is no field's value.
pub(super) fn leftovers(unset: &Map<String, Value>, other: &Map<String, Value>) -> Map<String, Value> {
    let mut payload = unset.clone();
    payload.extend(other.clone());
    payload
}

/// Writes one field, if it is set.
pub(super) fn put<K: Kind>(payload: &mut Map<String, Value>, name: &str, held: Option<&K::Holds>) {
    if let Some(held) = held {
        payload.insert(name.to_owned(), K::write(held));
    }
}
