//! Stands in for Docebo: same API, its own wire types, scripted faults, a ledger of effects.
//!
//! A [`World`] describes tenants, their people, courses and enrolments. A [`Simulator`] serves
//! each tenant on its own port. A [`TenantHandle`] scripts faults and reads what happened, and
//! the control endpoint under `/__simulator/` does the same for other processes. With a
//! [`WebhookTarget`], a tenant tells of what happens to it as Docebo does, as tidily or untidily
//! as the target wishes.

mod acts;
mod clock;
mod connection;
mod control;
mod docebo;
mod enrollment;
mod fault;
mod fault_book;
mod fault_flag;
mod handle;
mod handle_people;
mod handle_webhooks;
mod in_flight;
mod ledger;
mod quota;
mod request;
mod sample;
mod simulator;
mod state;
mod tokens;
mod webhook;
mod world;
mod world_check;

pub use enrollment::Enrollment;
pub use fault::{Fault, FaultKind, FaultOn};
pub use fault_flag::FaultFlagError;
pub use handle::TenantHandle;
pub use ledger::{Answer, Counts, Effect, RequestSeen};
pub use request::Endpoint;
pub use simulator::{Simulator, StartError};
pub use webhook::{
    DelayMs, WebhookCounts, WebhookEvent, WebhookHeader, WebhookSent, WebhookState, WebhookTarget, WebhookTargetError,
};
pub use world::{AbsentEnrollment, Course, Tenant, User, World, WorldError};
