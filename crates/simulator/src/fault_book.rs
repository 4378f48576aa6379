//! Which scripted fault strikes the next request.

use crate::fault::{Fault, FaultOn};
use crate::request::{Endpoint, Target};

/// The most faults one tenant holds at a time.
pub(crate) const MAX_FAULTS: usize = 1_000;

/// The faults of one tenant, with what they have seen so far.
#[derive(Default)]
pub(crate) struct FaultBook {
    entries: Vec<Entry>,
}

struct Entry {
    fault: Fault,
    /// Matching requests since the last strike.
    matched: u32,
}

impl FaultBook {
    pub(crate) fn new(faults: Vec<Fault>) -> Self {
        let entries = faults.into_iter().take(MAX_FAULTS);
        Self {
            entries: entries.map(|fault| Entry { fault, matched: 0 }).collect(),
        }
    }

    /// Adds a fault; `false` if there are too many already.
    pub(crate) fn add(&mut self, fault: Fault) -> bool {
        if self.entries.len() >= MAX_FAULTS {
            return false;
        }
        self.entries.push(Entry { fault, matched: 0 });
        true
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    /// Lists the faults; `times` is what is left of it.
    pub(crate) fn list(&self) -> Vec<Fault> {
        self.entries.iter().map(|entry| entry.fault.clone()).collect()
    }

    /// Takes the first fault whose turn it is. Those behind it keep their turn.
    pub(crate) fn strike(&mut self, target: Target) -> Option<Fault> {
        let mut struck = None;
        for (index, entry) in self.entries.iter_mut().enumerate() {
            if !matches(&entry.fault, target) {
                continue;
            }
            entry.matched = entry.matched.saturating_add(1);
            if struck.is_none() && entry.matched >= entry.fault.every.unwrap_or(1) {
                entry.matched = 0;
                struck = Some(index);
            }
        }
        let index = struck?;
        let entry = self.entries.get_mut(index)?;
        let fault = entry.fault.clone();
        if let Some(times) = &mut entry.fault.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                self.entries.remove(index);
            }
        }
        Some(fault)
    }
}

fn matches(fault: &Fault, target: Target) -> bool {
    let endpoint = match fault.on {
        FaultOn::Token => target.endpoint == Endpoint::Token,
        FaultOn::UserSearch => target.endpoint == Endpoint::UserSearch,
        FaultOn::EnrollmentRead => target.endpoint == Endpoint::EnrollmentRead,
        FaultOn::EnrollmentWrite => target.endpoint == Endpoint::EnrollmentWrite,
        FaultOn::EnrollmentList => target.endpoint == Endpoint::EnrollmentList,
        FaultOn::Any => true,
    };
    let course = target.pair.map(|pair| pair.course_id);
    let user = target.pair.map(|pair| pair.user_id);
    endpoint
        && fault.course_id.is_none_or(|wanted| course == Some(wanted))
        && fault.user_id.is_none_or(|wanted| user == Some(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::FaultKind;
    use crate::request::Pair;

    const TOKEN: Target = Target {
        endpoint: Endpoint::Token,
        pair: None,
    };

    fn write(course_id: u64, user_id: u64) -> Target {
        Target {
            endpoint: Endpoint::EnrollmentWrite,
            pair: Some(Pair { course_id, user_id }),
        }
    }

    #[test]
    fn a_fault_strikes_each_nth_matching_request() {
        let fault = Fault::new(FaultOn::Token, FaultKind::Unavailable).every(3);
        let mut book = FaultBook::new(vec![fault]);
        let struck: Vec<bool> = (0..7)
            .map(|_| {
                assert_eq!(book.strike(write(1, 1)), None);
                book.strike(TOKEN).is_some()
            })
            .collect();
        assert_eq!(struck, [false, false, true, false, false, true, false]);
    }

    #[test]
    fn faults_follow_one_another_and_disappear_when_used_up() {
        let throttled = Fault::new(FaultOn::Token, FaultKind::Throttled).times(2);
        let html = Fault::new(FaultOn::Any, FaultKind::Html).times(1);
        let mut book = FaultBook::new(vec![throttled, html]);
        let kinds: Vec<_> = (0..4).map(|_| book.strike(TOKEN).map(|fault| fault.kind)).collect();
        let wanted = [
            Some(FaultKind::Throttled),
            Some(FaultKind::Throttled),
            Some(FaultKind::Html),
            None,
        ];
        assert_eq!(kinds, wanted);
        assert!(book.list().is_empty());
    }

    #[test]
    fn a_narrowed_fault_strikes_only_its_user_and_course() {
        let fault = Fault::new(FaultOn::EnrollmentWrite, FaultKind::Forbidden)
            .user(7)
            .course(146);
        let mut book = FaultBook::new(vec![fault]);
        assert!(book.strike(write(146, 8)).is_none());
        assert!(book.strike(write(147, 7)).is_none());
        assert!(book.strike(write(146, 7)).is_some());
        assert!(book.strike(TOKEN).is_none());
    }

    #[test]
    fn there_is_a_limit_to_the_number_of_faults() {
        let mut book = FaultBook::default();
        let fault = Fault::new(FaultOn::Any, FaultKind::Html);
        assert!((0..MAX_FAULTS).all(|_| book.add(fault.clone())));
        assert!(!book.add(fault));
    }
}
