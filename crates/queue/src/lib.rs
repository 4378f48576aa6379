//! Durable jobs in Redis: records, lanes, leases, dead letters, ledger. Every key spelled once.
//!
//! A job is stored by [`Queue::enqueue`] or, with an exam result, by [`Queue::accept`]; leased by [`Queue::claim`];
//! ended or sent on by [`Queue::settle`]. Time moves jobs in [`Queue::promote`], lost workers in [`Queue::reclaim`],
//! events in [`Queue::wake`], people in [`Queue::redrive`], [`Queue::discard`] and [`Queue::decide`]. What has come to
//! its end is told by [`Queue::events`]. Each of these is one Lua script in
//! `lua/`, so that a job is in exactly one state at any moment, whatever dies when.

mod answers;
mod case;
mod claim;
mod clock;
mod connect;
mod dead_letters;
mod depths;
mod docebo_events;
mod enqueue;
mod error;
mod event_invariants;
mod events;
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
mod mark;
mod open_results;
mod pause;
mod payloads;
mod plan_run;
mod plans;
mod queue;
mod quota;
mod reaction;
mod receive;
mod record;
mod result_invariants;
mod safety;
mod script;
mod settle;
mod settlement;
mod subject;
mod workers;

pub use case::{Case, CaseVerdict, Decided, NewDecision, Noted, RowNote};
pub use claim::{Claimed, LaneSignal, Leased, MAX_CLAIM_JOBS, Service};
pub use clock::{Clock, ManualClock};
pub use connect::RedisOptions;
pub use dead_letters::{DeadPage, MAX_WHOLE_JOBS, is_dead_cursor};
pub use depths::{Depths, LaneDepth};
pub use docebo_events::{DoceboFilter, DoceboPage, DoceboPlace, SealedEvent};
pub use enqueue::Enqueued;
pub use error::QueueError;
pub use events::{Event, EventOf, EventPage, is_event_cursor};
pub use explain::{Blocker, Explanation};
pub use gate::{Failing, Gate, Limits};
pub use history::{AttemptRecord, CallRecord};
pub use housekeeping::{MAX_CRASHES, Promoted, Reclaimed, WORKER_SILENCE};
pub use id::{InvalidJobId, JobId};
pub use intervene::{Discarded, Intervention, Redriven};
pub use job::{InvalidName, MAX_NAME_BYTES, MAX_PAYLOAD_BYTES, Name, NewJob};
pub use keys::SHARD_PREFIX;
pub use lane::{InvalidLane, Lane};
pub use ledger::{Accepted, LedgerRow, LedgerState, NewResult, Step};
pub use list::{Counts, Filter, Page};
pub use mark::{Mark, Marked, Newest};
pub use open_results::OpenPage;
pub use pause::{Pause, PauseMode, Target};
pub use payloads::{PayloadChange, ScanPage, ScannedJob};
pub use plan_run::{PlanStart, PlanStep, PlanStop};
pub use plans::{MAX_PLANNED_JOBS, MadePlan, NewPlan, PLAN_KEPT_FOR, Plan, PlanAction, PlanState};
pub use queue::{Queue, Retention};
pub use quota::{CALL_COUNTS_FOR, Egress, HeldBy, LaneStanding, Spent, Standing};
pub use reaction::{NewReaction, Reaction, Replay};
pub use receive::{NewItem, NewMessage, WEBHOOK_ITEMS_PER_CALL};
pub use record::{InvalidState, JobRecord, State};
pub use safety::{Hazard, Safety};
pub use settlement::{ClaimToken, Settlement, Transition, Verdict};
pub use subject::{NewIntent, Permit, Subject, WrittenTo};
pub use workers::{Worker, WorkerInfo};
