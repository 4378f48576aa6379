//! Places for what takes long or much memory: so many in all, and a quarter of them for one caller at most.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use passback_producer::Code;

use crate::problem::Problem;

/// One caller has at most this part of all places, so that four are needed to keep others out.
const PART_OF_ONE_CALLER: usize = 4;

/// The places of one kind, and who has them.
#[derive(Debug)]
pub(crate) struct Places<K> {
    limit: usize,
    taken: Mutex<Taken<K>>,
}

#[derive(Debug)]
struct Taken<K> {
    all: usize,
    /// Only callers that have any; so no more than there are places.
    by_caller: HashMap<K, usize>,
}

/// A place; free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Place<K: Eq + Hash> {
    places: Arc<Places<K>>,
    caller: K,
}

impl<K: Eq + Hash + Clone> Places<K> {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit,
            taken: Mutex::new(Taken {
                all: 0,
                by_caller: HashMap::new(),
            }),
        })
    }

    /// A place for a caller, or why there is none; `what` names in the plural what the places are for.
    pub(crate) fn take(self: &Arc<Self>, caller: &K, what: &str) -> Result<Place<K>, Problem> {
        let mut taken = self.taken();
        if taken.all >= self.limit {
            return Err(Problem::new(
                Code::TooBusy,
                format!(
                    "There are {} {what} at this moment, and no more are taken at once.",
                    self.limit
                ),
            ));
        }
        let for_one = (self.limit / PART_OF_ONE_CALLER).max(1);
        let own = taken.by_caller.get(caller).copied().unwrap_or(0);
        if own >= for_one {
            return Err(Problem::new(
                Code::TooBusy,
                format!("This caller has {for_one} {what} at this moment, and one caller may have no more at once."),
            ));
        }
        taken.all += 1;
        taken.by_caller.insert(caller.clone(), own + 1);
        Ok(Place {
            places: Arc::clone(self),
            caller: caller.clone(),
        })
    }
}

impl<K> Places<K> {
    fn taken(&self) -> MutexGuard<'_, Taken<K>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all = taken.all.saturating_sub(1);
        let Some(own) = taken.by_caller.get_mut(&self.caller) else {
            return;
        };
        *own = own.saturating_sub(1);
        if *own == 0 {
            taken.by_caller.remove(&self.caller);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(taken: Result<Place<u8>, Problem>) -> String {
        let body = serde_json::to_value(taken.unwrap_err().body(None)).unwrap();
        assert_eq!((&body["code"], &body["status"]), (&"too_busy".into(), &429.into()));
        body["detail"].as_str().unwrap().to_owned()
    }

    #[test]
    fn one_caller_has_a_quarter_and_all_have_no_more_than_there_are() {
        let places = Places::new(8);
        let mut held = Vec::new();
        for caller in 0..4 {
            held.push(places.take(&caller, "streams").unwrap());
            held.push(places.take(&caller, "streams").unwrap());
            if caller < 3 {
                assert!(refusal(places.take(&caller, "streams")).starts_with("This caller has 2 streams"));
            }
        }
        assert!(refusal(places.take(&9, "streams")).starts_with("There are 8 streams"));
        held.remove(0);
        held.push(places.take(&0, "streams").unwrap());
        held.clear();
        assert!(places.taken().by_caller.is_empty() && places.taken().all == 0);
    }
}
