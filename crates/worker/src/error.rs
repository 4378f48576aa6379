//! Why a worker ended otherwise than by being asked to.

use passback_queue::{InvalidName, Lane, QueueError};

/// A worker could not start, or a part of it ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// It cannot be named.
    #[error("this worker cannot be given a name: {0}")]
    Unnameable(#[from] InvalidName),
    /// The queue's address cannot be used.
    #[error("the worker cannot listen for work: {0}")]
    Queue(#[source] QueueError),
    /// No lane has a slot.
    #[error("no lane has a slot: give at least one of check, push and background a concurrency above 0")]
    NoSlots,
    /// The apalis worker of a lane ended by error.
    #[error("the worker of the lane {lane} ended by error: {source}")]
    Runtime {
        /// The lane.
        lane: Lane,
        /// What apalis said.
        source: apalis_core::error::WorkerError,
    },
    /// The apalis worker of a lane ended although nobody asked it to.
    #[error("the worker of the lane {lane} ended although nobody asked it to")]
    EndedEarly {
        /// The lane.
        lane: Lane,
    },
    /// A part that every lane needs ended although nobody asked it to.
    #[error("a part of the worker ended although nobody asked it to: {part}")]
    PartEnded {
        /// What it did.
        part: &'static str,
    },
    /// A part of the worker panicked outside of any job.
    #[error("a part of the worker failed: {0}")]
    Failed(#[source] tokio::task::JoinError),
}
