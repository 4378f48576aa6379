//! Docebo's webhooks: the message, and its 71 events as types.
//!
//! [`WebhookMessage::parse`] reads one POST; [`Event::read`] reads one of its items. Neither refuses an event for its
//! name, an unknown field or a value of another form: what has no place in a type is kept beside it, so that
//! [`Event::to_payload`] gives back what came.
//!
//! ```
//! use passback_docebo::webhook::{Event, WebhookMessage};
//!
//! let body = br#"{"event": "course.enrollment.completed", "message_id": "wh-1",
//!     "payload": {"fired_at": "2026-02-11 09:30:12", "course_id": "146", "user_id": 13827, "status": "completed"}}"#;
//! let message = WebhookMessage::parse(body)?;
//! for item in &message.items {
//!     if let Event::CourseEnrollmentCompleted(completed) = Event::read(&message.event, item) {
//!         assert_eq!(completed.course_id, Some(146));
//!     }
//! }
//! # Ok::<(), passback_docebo::webhook::WebhookError>(())
//! ```
//!
//! # How fields are read
//!
//! Every field is an `Option`. Absent, `null`, `""` and zero dates are `None`; what was sent in place of a value stays
//! in the event's `unset`. Unknown fields, and values that do not fit their field, stay in its `other`.
//!
//! | kind | type | reads |
//! |---|---|---|
//! | id, count | [`u64`], [`i64`] | a number or a text, also with `.0` |
//! | text | [`String`] | a text, or a whole number |
//! | moment | [`jiff::Timestamp`] | `YYYY-MM-DD HH:MM:SS` in UTC, RFC 3339, Unix seconds, or a date: the first second of its day |
//! | end | [`jiff::Timestamp`] | as a moment, but a date is the last second of its day |
//! | day | [`jiff::civil::Date`] | `YYYY-MM-DD`, also with midnight behind it |
//! | flag, bit | [`bool`] | `true`, `false`, `0`, `1`, also as texts; a bit is written as a number |
//! | open list | an enum with `Other` | a text in any case, or a number |
//! | any | [`serde_json::Value`] | everything: Docebo publishes no type |
//! | object, list | a map or a vector of [`serde_json::Value`] | `[]` and `{}` are empty, whichever is sent |
//!
#![doc = include_str!("events.md")]

mod enrollment_extra;
mod event;
mod events;
mod example;
mod kind;
mod kind_of_time;
mod message;
mod open_text;
mod payloads;
mod slots;
mod table;

pub use enrollment_extra::EnrollmentExtra;
pub use event::{EVENT_NAMES, Event, area, fields, title};
pub use events::*;
pub use example::sample;
pub use message::{MAX_ITEMS_PER_MESSAGE, WebhookError, WebhookMessage};
pub use open_text::{CourseLevel, CourseType, PaymentStatus, TrainingMaterialStatus, TrainingMaterialType};
pub use table::Field;
