//! Places for what takes long or much memory: so many in all, and a part of them for one caller at most.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::http::StatusCode;
use passback_producer::Code;

use crate::problem::Problem;

/// One caller usually has at most this part of all places, so that four are needed to keep others out.
const PART_OF_ONE_CALLER: usize = 4;

/// The places of one kind, and who has them.
#[derive(Debug)]
pub(crate) struct Places<K> {
    limit: usize,
    for_one: usize,
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
    /// So many places, a quarter of them for one caller.
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Self::with_share(limit, (limit / PART_OF_ONE_CALLER).max(1))
    }

    /// So many places, and so many of them for one caller.
    pub(crate) fn with_share(limit: usize, for_one: usize) -> Arc<Self> {
        Arc::new(Self {
            limit,
            for_one,
            taken: Mutex::new(Taken {
                all: 0,
                by_caller: HashMap::new(),
            }),
        })
    }

    /// A place for a caller, or why there is none; `what` names in the plural what the places are for.
    pub(crate) fn take(self: &Arc<Self>, caller: &K, what: &str) -> Result<Place<K>, Problem> {
        let mut taken = self.taken();
        let (limit, for_one) = (self.limit, self.for_one);
        let own = taken.by_caller.get(caller).copied().unwrap_or(0);
        // First, for that is the caller's to mend, whatever the others do.
        if own >= for_one {
            let detail =
                format!("This caller has {for_one} {what} at this moment, and one caller may have no more at once.");
            return Err(Problem::new(Code::TooBusy, detail));
        }
        if taken.all >= limit {
            // Another server may have places, so this is about us, not about the caller.
            let detail = format!("There are {limit} {what} at this moment, and no more are taken at once.");
            return Err(Problem::new(Code::TooBusy, detail).with_status(StatusCode::SERVICE_UNAVAILABLE));
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

    /// Its status and its words.
    fn refusal(taken: Result<Place<u8>, Problem>) -> (u64, String) {
        let problem = taken.unwrap_err();
        let headers = problem.render("id").headers().clone();
        assert_eq!(headers["retry-after"], "1");
        let body = serde_json::to_value(problem.body(None)).unwrap();
        assert_eq!(body["code"], "too_busy");
        let detail = body["detail"].as_str().unwrap().to_owned();
        (body["status"].as_u64().unwrap(), detail)
    }

    #[test]
    fn one_caller_has_its_share_and_all_have_no_more_than_there_are() {
        let places = Places::with_share(4, 2);
        let held = [(); 2].map(|()| places.take(&0, "walks").unwrap());
        assert_eq!(refusal(places.take(&0, "walks")).0, 429);
        let _others = [1, 2].map(|caller| places.take(&caller, "walks").unwrap());
        assert_eq!(refusal(places.take(&3, "walks")).0, 503);
        drop(held);
        places.take(&3, "walks").unwrap();
    }

    #[test]
    fn a_caller_s_own_share_is_told_with_429_and_the_fullness_of_the_server_with_503() {
        let places = Places::new(8);
        let mut held = Vec::new();
        for caller in 0..4 {
            held.push(places.take(&caller, "streams").unwrap());
            held.push(places.take(&caller, "streams").unwrap());
            let (status, detail) = refusal(places.take(&caller, "streams"));
            assert!(
                status == 429 && detail.starts_with("This caller has 2 streams"),
                "{detail}"
            );
        }
        let (status, detail) = refusal(places.take(&9, "streams"));
        assert!(status == 503 && detail.starts_with("There are 8 streams"), "{detail}");
        held.remove(0);
        held.push(places.take(&0, "streams").unwrap());
        held.clear();
        assert!(places.taken().by_caller.is_empty() && places.taken().all == 0);
    }
}
