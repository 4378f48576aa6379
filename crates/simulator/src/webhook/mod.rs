//! Webhooks: what Docebo tells others about what happens on its platform.
//!
//! A change says which events it is ([`happened`]), each event has its payload ([`payload`]), the
//! [`outbox`] collects, copies, shuffles and delays as the [`target`] wishes, and the [`sender`] posts.

mod collector;
mod delivery;
mod event;
mod happened;
mod log;
mod message;
mod outbox;
mod payload;
mod sender;
mod target;
mod target_check;

pub use event::WebhookEvent;
pub use log::{WebhookCounts, WebhookSent, WebhookState};
pub use target::{DelayMs, WebhookHeader, WebhookTarget};
pub use target_check::WebhookTargetError;

pub(crate) use happened::{by_call, to_course, to_enrollment, to_user};
pub(crate) use outbox::{Outbox, Signals};
pub(crate) use payload::{course_changed, course_outdated, enrollment_changed, user_changed};
pub(crate) use sender::run as send;
