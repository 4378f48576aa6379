//! What the end-to-end suites share: the real binary, a Redis and a Docebo of their own, and what must hold at the end.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::missing_panics_doc,
    reason = "every function here panics when the test has failed"
)]

mod api;
mod cli;
mod invariants;
mod process;
mod proxy;
pub mod secrecy;
mod stand;
mod town;
mod waiting;

pub use api::{Answer, Api};
pub use cli::{Said, run_cli};
pub use process::Process;
pub use proxy::{Mode, Proxy};
pub use stand::{Options, Stand, WEBHOOK_PASSWORD, WEBHOOK_USERNAME, passed};
pub use town::{COURSE, town, user_id};
pub use waiting::until;
