//! How much of the whole path is measured.

use clap::{Args, value_parser};

/// The flags of `bench push` that say what is measured.
#[derive(Debug, Clone, Args)]
pub(crate) struct PushPlan {
    /// How many results are handed in as fast as they are taken, in each round.
    #[arg(long, default_value_t = 2_000, value_parser = value_parser!(u64).range(1..=100_000))]
    pub(crate) results: u64,
    /// How many results are handed in one after another, each when the one before has arrived.
    #[arg(long, default_value_t = 200, value_parser = value_parser!(u64).range(1..=100_000))]
    pub(crate) latency_results: u64,
    /// How many results the worker carries at once.
    #[arg(long, default_value_t = 32, value_parser = value_parser!(u16).range(1..))]
    pub(crate) concurrency: u16,
    /// How many callers hand in results at the same time.
    #[arg(long, default_value_t = 16, value_parser = value_parser!(u16).range(1..))]
    pub(crate) callers: u16,
    /// How long the simulated Docebo takes for every answer, in milliseconds.
    #[arg(long, default_value_t = 0, value_parser = value_parser!(u64).range(0..=60_000))]
    pub(crate) docebo_latency_ms: u64,
    /// How often everything is measured; the median counts.
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u16).range(1..=100))]
    pub(crate) rounds: u16,
}

impl PushPlan {
    /// All results of a round.
    pub(crate) fn all_results(&self) -> u64 {
        self.results + self.latency_results
    }
}
