//! The description of the API: `OpenAPI` 3.1, made from the handlers and their types, and finished here.
//!
//! A handler says in its `#[utoipa::path]` what it alone knows: path, parameters, bodies, answers, and as
//! `x-passback-codes` the refusals of its own. What all calls have in common is added to each in [`finish`]: who may
//! make it, the refusals that any call can meet, headers, examples, and the limits that types cannot say.

mod answers;
mod base;
mod description;
mod examples;
mod finish;
mod headers;
mod problem_answers;
pub(crate) mod query;
mod request_headers;
mod request_rules;
mod roles;
mod served;
mod texts;

pub(crate) use answers::{DoceboMessage, HandedIn, described};
pub(crate) use description::{Description, entity_tag};
pub(crate) use roles::mark;
pub(crate) use served::{__path_document, document, fixed};
