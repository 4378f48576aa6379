//! Measures the queue and the whole path on this machine, against any Redis or a private one.
//!
//! `plan` says how much of what, `ground` is the Redis under test, `load` makes jobs and stores them, `crew` runs
//! workers that do nothing, `figures` gathers what each round measured. A file per measurement of the queue: `filling`,
//! `draining`, `latency`, `fairness`, `idle`. The whole path, against a simulated Docebo, is in the files `push_…`,
//! the door of the webhooks in `webhook_…`.

mod crew;
mod crew_member;
mod draining;
mod fairness;
mod figures;
mod filling;
mod ground;
mod idle;
mod latency;
mod load;
mod plan;
mod process_usage;
mod progress;
mod push_path;
mod push_plan;
mod push_stand;
mod redis_info;
mod rounds;
mod tally;
mod waiting;
mod webhook_path;
mod webhook_plan;

pub(crate) use self::crew_member::serve_crew;
pub(crate) use self::figures::Figures;
pub(crate) use self::ground::Ground;
pub(crate) use self::plan::Plan;
pub(crate) use self::push_path::measure_push;
pub(crate) use self::push_plan::PushPlan;
pub(crate) use self::rounds::measure;
pub(crate) use self::webhook_path::measure_webhooks;
pub(crate) use self::webhook_plan::WebhookPlan;
