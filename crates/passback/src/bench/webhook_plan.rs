//! How many webhooks come in how fast.

use clap::{Args, value_parser};

/// The flags of `bench webhook` that say what is measured.
#[derive(Debug, Clone, Args)]
pub(crate) struct WebhookPlan {
    /// How many messages are sent a second, each at its own moment whether or not the ones before were answered.
    #[arg(long, default_value_t = 200, value_parser = value_parser!(u32).range(1..=10_000))]
    pub(crate) rate: u32,
    /// For how many seconds, in each round.
    #[arg(long, default_value_t = 20, value_parser = value_parser!(u32).range(1..=3_600))]
    pub(crate) seconds: u32,
    /// How many events a message holds.
    #[arg(long, default_value_t = 1, value_parser = value_parser!(u32).range(1..=1_000))]
    pub(crate) items: u32,
    /// How often everything is measured; the median counts.
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u16).range(1..=100))]
    pub(crate) rounds: u16,
}

impl WebhookPlan {
    /// The messages of a round.
    pub(crate) fn messages(&self) -> u32 {
        self.rate * self.seconds
    }
}
