//! Turns exam events into jobs, exactly once per event: the exam engine's Rust library.
//!
//! An exam engine asks "may this candidate sit this exam?" ([`Producer::check`], [`Producer::wait_for_check`]) and
//! later says "this candidate passed, 87 %" ([`Producer::push`], [`Producer::result`]). Both become durable jobs in
//! Redis; workers carry them to Docebo. What comes back is explained by one catalogue of messages ([`Code`]): what
//! happened, who must act, and how it is put right.
//!
//! - **Nothing accepted is lost.** When [`Producer::push`] returns a [`Receipt`], row and job are in Redis.
//! - **Exactly once.** The `result_id` is the idempotency key: the same content again is [`Receipt::AlreadyAccepted`],
//!   other content is refused. After an error, repeat the call: it is safe.
//! - **A late result never undoes a newer one.** [`standing`] decides, by the exam's policy.
//! - **An outage is never "not eligible".** It is [`Answer::Unverified`], with the reason.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use passback_producer::{CheckRequest, ExamResult, Outcome, Producer, ProducerOptions};
//!
//! # async fn exam() -> Result<(), Box<dyn std::error::Error>> {
//! let producer = Producer::connect(ProducerOptions {
//!     redis_url: "redis://127.0.0.1:6379".to_owned(),
//!     master_key_file: "/run/secrets/passback-key".into(),
//!     allow_http_loopback: false,
//! })
//! .await?;
//!
//! let request = CheckRequest { exam_id: "forklift-01".to_owned(), email: "r.moreau@example.org".to_owned() };
//! let id = producer.check(&request).await?;
//! if let Some(check) = producer.wait_for_check(id, Duration::from_secs(8)).await? {
//!     println!("{:?}: {}", check.answer, check.title.unwrap_or("still waiting"));
//! }
//!
//! let receipt = producer
//!     .push(&ExamResult {
//!         result_id: "r-1842".to_owned(),
//!         exam_id: "forklift-01".to_owned(),
//!         email: "r.moreau@example.org".to_owned(),
//!         outcome: Outcome::Passed.into(),
//!         score_percent: Some(87.0),
//!         completed_at: "2026-11-20T09:30:11Z".to_owned(),
//!         sequence: None,
//!     })
//!     .await?;
//! println!("job {}", receipt.job_id());
//! # Ok(())
//! # }
//! ```
//!
//! `examples/exam_engine.rs` is the same as a program to run.

mod accepted_row;
mod blocker_words;
mod catalogue;
mod check;
mod check_answer;
mod check_request;
mod check_view;
mod client;
mod connector_news;
mod courses;
mod decide;
mod docebo_event_view;
mod docebo_feed;
mod eligibility;
mod endings;
mod erasure;
mod error;
mod event_erasure;
mod exam_check;
mod exam_check_view;
mod exam_result;
mod exam_view;
mod exam_warning;
mod explanation;
mod feed;
mod feed_event;
mod feed_news;
mod field_problem;
mod field_rules;
mod forecast;
mod holding;
mod intake;
mod job;
mod judgement;
mod mask;
mod memory;
mod name;
mod open_results;
mod outcome;
mod platform;
mod preview;
mod preview_view;
mod producer;
mod public_time;
mod reconcile;
mod reference_page;
mod resealing;
mod result_case;
mod result_view;
mod stale_guard;
mod standing_view;
mod subject;
mod token_shelf;
mod validation;
mod validation_guard;
mod verification;
mod version;
pub mod wake;
mod wanted;
mod webhook_intake;
mod webhook_job;

pub use accepted_row::AcceptedRow;
pub use catalogue::{Actor, Code, Entry, UnknownCode};
pub use check_answer::{Answer, CheckAnswer, OwnResult};
pub use check_request::CheckRequest;
pub use check_view::{CheckState, CheckView};
pub use client::docebo_client;
pub use connector_news::{LimitsTold, connector_name};
pub use decide::{DecideError, Verdict};
pub use docebo_event_view::{DoceboEventView, ReactionState, ReactionView};
pub use docebo_feed::{DoceboEventPage, DoceboEventQuery, ReplayStatus, Replayed};
pub use eligibility::eligibility;
pub use erasure::{ERASURE_LOOKS, ErasedJob, Erasure, ErasureWish};
pub use error::{ConnectError, IntakeError, StoreError};
pub use exam_check_view::{ExamCheck, HandCheck, SetUpStep, StepName};
pub use exam_result::{ExamResult, ValidResult};
pub use exam_view::{ExamView, FieldText, OutcomeWrites, Writes};
pub use exam_warning::ExamWarning;
pub use explanation::ExplanationView;
pub use feed::FeedPage;
pub use feed_event::{CheckEvent, FeedEvent, FeedSubject, ResultEvent};
pub use field_problem::FieldProblem;
pub use forecast::{Forecast, ForecastReason, calls_of_job};
pub use holding::Holding;
pub use intake::Receipt;
pub use job::{CheckJob, Job, PushJob, StandIn, UnreadableJob, VerifyJob, payload_context};
pub use judgement::{Judgement, judge};
pub use memory::{Decision, Intent, Known, Memory, Sent, to_json};
pub use open_results::{OpenResult, OpenResultsPage, Overdue};
pub use outcome::{Outcome, UnknownOutcome};
pub use preview_view::{Difference, Preview, RequestView, Would};
pub use producer::{Producer, ProducerOptions};
pub use reconcile::{Arrival, Reconciled, parse_result_id};
pub use reference_page::reference_page;
pub use resealing::{KeyUsage, KeyUse, Resealed};
pub use result_case::ResultCase;
pub use result_view::{ResultState, ResultView, StepView};
pub use stale_guard::Guarded;
pub use standing_view::{CallsView, GateState, GateView, PauseView, StandingView};
pub use subject::{subject, subject_of};
pub use validation::{Validation, failure_code, validate_candidate};
pub use verification::{Asked, Written};
pub use version::{Standing, Version, standing};
pub use wanted::Wanted;
pub use webhook_intake::WebhookReceipt;
pub use webhook_job::{Fact, WebhookJob, course_thing};
