//! Claims jobs, calls Docebo, reports one outcome per attempt. Runs on apalis.
//!
//! [`run`] is the door: it serves the lanes of [`WorkerConfig`] until [`Shutdown`] is asked for. A job passes these
//! files: `fetch` claims it, `backend` hands it to apalis, `attempt` runs it under its deadline and catches what it
//! does, `jobs` opens it, `check` or `push` calls Docebo and says what happened (`webhook` does what follows from what Docebo
//! told), `handler` and `decision` say what
//! becomes of the job, `settler` brings that to Redis. `call_guard` asks the queue before each call to Docebo and tells
//! it of each failure. Beside them run `heartbeat`, which also hears when a person pauses or drains the worker
//! (`orders`), and `housekeeping`.

mod attempt;
mod backend;
mod call_guard;
mod check;
mod clients;
mod config;
mod course_event;
mod deadline;
mod decision;
mod delivery;
mod desk;
mod empty;
mod enrollment_event;
mod error;
mod fetch;
mod handler;
mod hearing;
mod heartbeat;
mod housekeeping;
mod in_flight;
mod incarnation;
mod jobs;
mod lane;
mod lease;
mod opinion;
mod orders;
mod other_platform;
mod outcome;
mod overdue;
mod own_writes;
mod patience;
mod push;
mod reacted;
mod report;
mod retry_delay;
mod run;
mod settler;
mod shutdown;
mod tempo;
mod user_event;
mod verify;
mod webhook;
mod who_waits;

#[cfg(test)]
mod tests;

pub use config::{Limits, WorkerConfig};
pub use empty::run_empty;
pub use error::WorkerError;
pub use run::run;
pub use shutdown::Shutdown;
