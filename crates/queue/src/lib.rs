//! Durable jobs in Redis: records, lanes, leases, dead letters, ledger. Every key spelled once.
//!
//! A job is stored by [`Queue::enqueue`] or, with an exam result, by [`Queue::accept`]; leased by [`Queue::claim`];
//! ended or sent on by [`Queue::settle`]. Time moves jobs in [`Queue::promote`], lost workers in [`Queue::reclaim`],
//! events in [`Queue::wake`], people in [`Queue::redrive`] and [`Queue::discard`]. Each of these is one Lua script in
//! `lua/`, so that a job is in exactly one state at any moment, whatever dies when.

mod answers;
mod claim;
mod clock;
mod connect;
mod enqueue;
mod error;
mod explain;
mod gate;
mod gathering;
mod history;
mod housekeeping;
mod id;
mod index_invariants;
mod intervene;
mod invariants;
mod job;
mod keys;
mod lane;
mod ledger;
mod list;
mod pause;
mod queue;
mod quota;
mod record;
mod safety;
mod script;
mod settle;
mod settlement;
mod workers;

pub use claim::{Claimed, LaneSignal, Leased, MAX_CLAIM_JOBS, Service};
pub use clock::{Clock, ManualClock};
pub use connect::RedisOptions;
pub use enqueue::Enqueued;
pub use error::QueueError;
pub use explain::{Blocker, Explanation};
pub use gate::{Failing, Gate, Limits};
pub use history::{AttemptRecord, CallRecord};
pub use housekeeping::{MAX_CRASHES, Promoted, Reclaimed, WORKER_SILENCE};
pub use id::{InvalidJobId, JobId};
pub use intervene::{Discarded, Intervention, Redriven};
pub use job::{InvalidName, MAX_NAME_BYTES, MAX_PAYLOAD_BYTES, Name, NewJob};
pub use keys::SHARD_PREFIX;
pub use lane::{InvalidLane, Lane};
pub use ledger::{Accepted, LedgerRow, NewResult, Step, Subject};
pub use list::{Counts, Filter, Page};
pub use pause::{Pause, PauseMode, Target};
pub use queue::{Queue, Retention};
pub use quota::{CALL_COUNTS_FOR, Egress, HeldBy, LaneStanding, Spent, Standing};
pub use record::{InvalidState, JobRecord, State};
pub use safety::{Hazard, Safety};
pub use settlement::{ClaimToken, Settlement, Transition, Verdict};
pub use workers::{Worker, WorkerInfo};
