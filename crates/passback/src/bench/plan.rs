//! How much of what is measured.

use clap::{Args, ValueEnum, value_parser};
use passback_queue::{Lane, MAX_PAYLOAD_BYTES};

/// The flags of `bench queue` that say what is measured.
#[derive(Debug, Clone, Args)]
pub(crate) struct Plan {
    /// How many jobs to store and run in each round.
    #[arg(long, default_value_t = 100_000, value_parser = value_parser!(u64).range(1..=20_000_000))]
    pub(crate) jobs: u64,
    /// The size of a job's payload.
    #[arg(long, default_value_t = 300, value_parser = value_parser!(u64).range(1..=MAX_PAYLOAD_BYTES as u64))]
    pub(crate) payload_bytes: u64,
    /// How many jobs each worker runs at once.
    #[arg(long, default_value_t = 100, value_parser = value_parser!(u16).range(1..))]
    pub(crate) concurrency: u16,
    /// How jobs are stored: each by a call of its own, or many in one.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) enqueue: EnqueueMode,
    /// How many connectors the jobs belong to, in turn.
    #[arg(long, default_value_t = 1, value_parser = value_parser!(u64).range(1..=1_000_000))]
    pub(crate) connectors: u64,
    /// How many callers store jobs one by one at the same time.
    #[arg(long, default_value_t = 64, value_parser = value_parser!(u16).range(1..))]
    pub(crate) callers: u16,
    /// How many jobs are handed in at once in bulk.
    #[arg(long, default_value_t = 1_000, value_parser = value_parser!(u16).range(1..))]
    pub(crate) batch: u16,
    /// How often everything is measured; the median counts.
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u16).range(1..=100))]
    pub(crate) rounds: u16,
    /// How many jobs are started one after another to measure the start latency.
    #[arg(long, default_value_t = 2_000, value_parser = value_parser!(u16).range(1..))]
    pub(crate) latency_jobs: u16,
    /// The lane: check, push or background.
    #[arg(long, default_value_t = Lane::Push)]
    pub(crate) lane: Lane,
    /// How many worker processes drain; with one, the worker runs in this process.
    #[arg(long, default_value_t = 1, value_parser = value_parser!(u16).range(1..=64))]
    pub(crate) processes: u16,
    /// How long an idle worker is watched, in seconds.
    #[arg(long, default_value_t = 20, value_parser = value_parser!(u16).range(1..=3600))]
    pub(crate) idle_seconds: u16,
    /// What to measure.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_values_t = [Topic::Enqueue, Topic::Drain, Topic::Latency, Topic::Fairness, Topic::Memory]
    )]
    pub(crate) only: Vec<Topic>,
}

/// How jobs are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum EnqueueMode {
    /// One job per call, from many callers.
    #[default]
    Single,
    /// Many jobs per call, from a few callers.
    Bulk,
}

/// Something that can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Topic {
    /// How fast jobs are stored.
    Enqueue,
    /// How fast a worker ends jobs that do nothing.
    Drain,
    /// From a call to the start of its job, one job at a time.
    Latency,
    /// The same for a tenant beside one that has very many jobs waiting.
    Fairness,
    /// What a waiting and a finished job take in Redis.
    Memory,
    /// What a worker without jobs costs.
    Idle,
}

impl Plan {
    pub(crate) fn wants(&self, topic: Topic) -> bool {
        self.only.contains(&topic)
    }
}

impl EnqueueMode {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Bulk => "bulk",
        }
    }
}
