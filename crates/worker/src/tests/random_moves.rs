//! What may happen in a random world: results, faults, crashes, time, people in Docebo, operators.

use passback_producer::Outcome;
use passback_simulator::{Fault, FaultKind, FaultOn};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::perils::Peril;

/// People of a random world, each in a course of their own with a policy of its own.
pub(crate) const PEOPLE: u64 = 3;
const MAX_MOVES: usize = 24;

/// One thing that happens. People are counted from 0.
#[derive(Debug, Clone)]
pub(crate) enum Move {
    /// A result arrives; two of the same rank are equally new.
    Sits {
        who: u64,
        outcome: Outcome,
        rank: u8,
        peril: Option<Peril>,
    },
    /// The next call of a kind goes wrong.
    Fails { who: u64, on: FaultOn, kind: FaultKind },
    /// Both workers die, and two others come.
    Crash,
    /// Some steps of ten seconds.
    Pass { steps: u8 },
    /// What is parked is looked at again.
    Wait,
    /// Somebody changes the enrolment by hand.
    Edits { who: u64, hand: Hand },
    /// Somebody removes the enrolment.
    Leaves { who: u64 },
    /// The person's address leads to their other account from now on.
    Moves { who: u64 },
    /// An operator redrives all that is dead.
    Redrive,
    /// An operator decides the newest case of a person.
    Decides { who: u64, writes: bool },
    /// An operator cancels the newest result of a person.
    Cancels { who: u64 },
}

/// What people do to an enrolment by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hand {
    /// Another score, and the status of a failure.
    Rescored,
    /// Completed, with a score and a date.
    Completed,
    /// Suspended, all else as it is.
    Suspended,
    /// As if the person had just been enrolled; that is also how a removed one comes back.
    Cleared,
    /// What the newest result wants.
    AsWanted,
}

pub(crate) fn moves() -> impl Strategy<Value = Vec<Move>> {
    vec(one(), 4..MAX_MOVES)
}

fn one() -> impl Strategy<Value = Move> {
    let who = 0..PEOPLE;
    prop_oneof![
        8 => (who.clone(), outcome(), 0..8_u8, option::weighted(0.3, peril()))
            .prop_map(|(who, outcome, rank, peril)| Move::Sits { who, outcome, rank, peril }),
        2 => (who.clone(), fault()).prop_map(|(who, (on, kind))| Move::Fails { who, on, kind }),
        2 => Just(Move::Crash),
        4 => (1..6_u8).prop_map(|steps| Move::Pass { steps }),
        1 => Just(Move::Wait),
        4 => (who.clone(), hand()).prop_map(|(who, hand)| Move::Edits { who, hand }),
        1 => who.clone().prop_map(|who| Move::Leaves { who }),
        1 => who.clone().prop_map(|who| Move::Moves { who }),
        1 => Just(Move::Redrive),
        3 => (who.clone(), any::<bool>()).prop_map(|(who, writes)| Move::Decides { who, writes }),
        1 => who.prop_map(|who| Move::Cancels { who }),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![Just(Outcome::Passed), Just(Outcome::Failed), Just(Outcome::NonGraded)]
}

fn peril() -> impl Strategy<Value = Peril> {
    prop_oneof![
        Just(Peril::FailedRead),
        Just(Peril::FailedWrite),
        Just(Peril::Refused),
        Just(Peril::CrashBefore),
        Just(Peril::CrashAfter),
        Just(Peril::CrashNoted),
    ]
}

fn fault() -> impl Strategy<Value = (FaultOn, FaultKind)> {
    prop_oneof![
        Just((FaultOn::EnrollmentRead, FaultKind::ServerError)),
        Just((FaultOn::EnrollmentRead, FaultKind::CutBefore)),
        Just((FaultOn::EnrollmentWrite, FaultKind::ServerError)),
        Just((FaultOn::EnrollmentWrite, FaultKind::CutBefore)),
        Just((FaultOn::EnrollmentWrite, FaultKind::CutAfter)),
        Just((FaultOn::EnrollmentWrite, FaultKind::Throttled)),
        Just((FaultOn::EnrollmentWrite, FaultKind::NotUpdated)),
    ]
}

fn hand() -> impl Strategy<Value = Hand> {
    prop_oneof![
        Just(Hand::Rescored),
        Just(Hand::Completed),
        Just(Hand::Suspended),
        Just(Hand::Cleared),
        Just(Hand::AsWanted),
    ]
}

/// A fault that strikes one person's next call.
pub(crate) fn once(on: FaultOn, kind: FaultKind, (course, user): (u64, u64)) -> Fault {
    Fault::new(on, kind).course(course).user(user).times(1)
}
