//! `lua/spend.lua` and `lua/budget.lua`: calls to Docebo, counted one by one over all workers.
//!
//! No more calls than the limit are granted in any hour. A call counts a minute longer than an hour, since it reaches
//! Docebo some time after it was granted, and the next one may be faster.

use std::{collections::BTreeMap, time::Duration};

use crate::{Gate, Lane, Limits, Name, Pause, Queue, QueueError, queue::millis};

/// How long a call counts: an hour, and a minute for the ways that calls take.
pub const CALL_COUNTS_FOR: Duration = Duration::from_mins(61);

/// The address from which a worker calls, as Docebo counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Egress {
    /// Its name; workers behind one address give the same.
    pub name: Name,
    /// Calls in any hour from this address, over all connectors; none for any number.
    pub calls_per_hour: Option<u32>,
}

impl Default for Egress {
    fn default() -> Self {
        Self {
            name: Name::from_static("default"),
            calls_per_hour: None,
        }
    }
}

/// Whether a call may be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spent {
    /// Yes; it counts from now.
    Granted,
    /// No; nothing was counted.
    Held {
        /// The catalogue code of the reason.
        code: String,
        /// How long to wait; none means until somebody acts.
        wait: Option<Duration>,
    },
}

/// A connector as the queue sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The gate.
    pub gate: Gate,
    /// What it may use; the configured limits.
    pub limits: Limits,
    /// The pause, if a person has paused it.
    pub pause: Option<Pause>,
    /// Calls allowed in an hour at present; lower than configured after refusals. None for any number.
    pub calls_allowed: Option<u32>,
    /// Jobs that run.
    pub running: u64,
    /// Per lane.
    pub lanes: BTreeMap<Lane, LaneStanding>,
    /// When each counted call was made, oldest first, in milliseconds since 1970.
    pub calls_ms: Vec<u64>,
    /// When this was read, in milliseconds since 1970.
    pub now_ms: u64,
}

/// One lane of a connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneStanding {
    /// Calls of the last hour.
    pub calls: u64,
    /// Calls it may make now; none for any number.
    pub calls_left: Option<u64>,
    /// Jobs that are ready.
    pub ready: u64,
}

impl Queue {
    /// Asks for one call to a connector, to be made at once.
    pub async fn spend(&self, connector: &Name, lane: Lane) -> Result<Spent, QueueError> {
        self.spend_if(connector, lane, false).await
    }

    /// Counts one call that a person makes whether or not there is one left: to see whether a connector works.
    pub async fn spend_anyway(&self, connector: &Name, lane: Lane) -> Result<(), QueueError> {
        self.spend_if(connector, lane, true).await.map(|_granted| ())
    }

    async fn spend_if(&self, connector: &Name, lane: Lane, anyway: bool) -> Result<Spent, QueueError> {
        let egress = &self.shared.egress;
        let mut call = self.timed(&self.shared.scripts.spend);
        call.arg(connector.as_str())
            .arg(lane.as_str())
            .arg(egress.name.as_str())
            .arg(egress.calls_per_hour.unwrap_or(0))
            .arg(millis(CALL_COUNTS_FOR))
            .arg(u8::from(anyway));
        let (verdict, code, wait_ms): (String, String, i64) = self.run(&call).await?;
        Ok(if verdict == "granted" {
            Spent::Granted
        } else {
            Spent::Held {
                code,
                wait: u64::try_from(wait_ms).ok().map(Duration::from_millis),
            }
        })
    }

    /// What keeps all jobs of a connector from running at present: its pause, or its closed gate.
    pub async fn held_by(&self, connector: &Name) -> Result<Option<HeldBy>, QueueError> {
        Ok(self.standing(connector).await?.held_by())
    }

    /// How a connector stands: gate, pause, calls, backlog.
    pub async fn standing(&self, connector: &Name) -> Result<Standing, QueueError> {
        let mut call = self.timed(&self.shared.scripts.budget);
        call.arg(connector.as_str()).arg(millis(CALL_COUNTS_FOR));
        let flat: Vec<String> = self.run(&call).await?;
        Standing::parse(&flat).ok_or_else(|| QueueError::Unreadable(format!("the standing of {connector}")))
    }
}

/// Why a connector's jobs wait, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBy {
    /// The catalogue code of the reason.
    pub code: String,
    /// Until when, in milliseconds since 1970; none means until somebody acts.
    pub until_ms: Option<u64>,
}

impl Standing {
    /// What keeps all jobs of this connector from running, if anything does.
    pub fn held_by(&self) -> Option<HeldBy> {
        let lasts = |until_ms: Option<u64>| until_ms.is_none_or(|until| until > self.now_ms);
        if let Some(pause) = self.pause.as_ref().filter(|pause| lasts(pause.until_ms)) {
            return Some(HeldBy {
                code: "paused".to_owned(),
                until_ms: pause.until_ms,
            });
        }
        match &self.gate {
            Gate::Closed { code, until_ms, .. } if lasts(*until_ms) => Some(HeldBy {
                code: code.clone(),
                until_ms: *until_ms,
            }),
            Gate::Closed { .. } | Gate::Open { .. } | Gate::Ramping { .. } => None,
        }
    }

    fn parse(flat: &[String]) -> Option<Self> {
        let (head, calls) = flat.split_at_checked(6 + 3 * Lane::ALL.len())?;
        let [now, gate, limits, pause, allowed, running, lanes @ ..] = head else {
            return None;
        };
        let mut calls_ms: Vec<u64> = calls.iter().filter_map(|at| at.parse().ok()).collect();
        calls_ms.sort_unstable();
        let lane = |at: usize| {
            Some(LaneStanding {
                calls: lanes.get(at)?.parse().ok()?,
                calls_left: lanes.get(at + 1)?.parse().ok(),
                ready: lanes.get(at + 2)?.parse().ok()?,
            })
        };
        let lanes: Option<BTreeMap<_, _>> = Lane::ALL
            .into_iter()
            .enumerate()
            .map(|(number, name)| lane(number * 3).map(|lane| (name, lane)))
            .collect();
        Some(Self {
            gate: Gate::parse(gate)?,
            limits: parse_limits(limits),
            pause: Pause::parse(pause),
            calls_allowed: allowed.parse().ok().filter(|allowed| *allowed > 0),
            running: running.parse().ok()?,
            lanes: lanes?,
            calls_ms,
            now_ms: now.parse().ok()?,
        })
    }
}

fn parse_limits(packed: &str) -> Limits {
    let numbers: Vec<u32> = packed.split('|').filter_map(|part| part.parse().ok()).collect();
    let [calls, weight, concurrency] = numbers.as_slice() else {
        return Limits::default();
    };
    let some = |number: u32| (number > 0).then_some(number);
    Limits {
        calls_per_hour: some(*calls),
        weight: *weight,
        max_concurrency: some(*concurrency),
    }
}
