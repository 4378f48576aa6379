//! When will a connector's backlog be done? As far as its budget of calls, its gate and its pause say.
//!
//! How fast Docebo answers is not guessed at: the forecast is the time at which the last call of the jobs that are ready
//! now may be made, if workers keep up and nothing else comes in. A job is taken to need [`calls_of_job`] calls. The
//! limit in force is taken to stay; one that refusals have lowered rises again, so the truth is rather earlier.

use std::collections::VecDeque;

use jiff::Timestamp;
use passback_queue::{CALL_COUNTS_FOR, Gate, Lane, Standing};
use serde::Serialize;

use crate::public_time::{self, shown};

/// Steps of the forecast. A call's hour is rounded up to one, so a forecast is up to a minute late, never early.
const TICK_MS: u64 = 60_000;
const TICK_S: u64 = 60;
/// How long a call counts, in steps.
const WINDOW_TICKS: usize = (CALL_COUNTS_FOR.as_secs() / TICK_S) as usize;
/// How far a forecast looks.
const MAX_DAYS: usize = 30;
const MAX_TICKS: usize = MAX_DAYS * 24 * 60;
const LANES: usize = Lane::ALL.len();

/// One number per lane, in the order of [`Lane::ALL`], which is also the order in which lanes are served here.
type PerLane = [u64; LANES];

/// What a forecast rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ForecastReason {
    /// A person has paused the connector without an end.
    Paused,
    /// The gate stays closed until somebody opens it.
    GateClosed,
    /// The connector has no limit of calls.
    Unlimited,
    /// The calls that are left are enough.
    WithinBudget,
    /// Some calls have to wait until old ones cease to count.
    WaitsForCalls,
    /// The budget is not enough for it within 30 days.
    TooLong,
}

/// When a connector's backlog can be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Forecast {
    /// What it rests on.
    pub reason: ForecastReason,
    /// Calls that the jobs that are ready will need, about.
    pub calls_needed: u64,
    /// Calls of the hour that are left, over all lanes; none for any number.
    pub calls_left: Option<u64>,
    /// When the last of these calls may be made; how long they then take is not counted. None if that is not known.
    #[serde(serialize_with = "public_time::option::serialize")]
    pub budget_done_at: Option<Timestamp>,
    /// The same in a sentence.
    pub explanation: String,
}

/// The calls to Docebo that a job is taken to need: a check finds the user and reads the enrolment, a push also writes,
/// a job of the background reads once.
pub const fn calls_of_job(lane: Lane) -> u64 {
    match lane {
        Lane::Check => 2,
        Lane::Push => 3,
        Lane::Background => 1,
    }
}

/// The share of the limit, in percent, that the other lanes leave to a lane while it has not used it.
const fn reserved_percent(lane: Lane) -> u64 {
    match lane {
        Lane::Check => 20,
        Lane::Push => 10,
        Lane::Background => 5,
    }
}

impl Forecast {
    /// The forecast for the jobs that are ready; none if there are none.
    pub fn of(standing: &Standing) -> Option<Self> {
        let ready = Lane::ALL.map(|lane| standing.lanes.get(&lane).map_or(0, |found| found.ready));
        let need = per_lane(|lane| ready[lane].saturating_mul(calls_of_job(Lane::ALL[lane])));
        let calls_needed = need.iter().fold(0, |sum: u64, calls| sum.saturating_add(*calls));
        if calls_needed == 0 {
            return None;
        }
        let limit = standing.calls_allowed.map(u64::from);
        let counted = u64::try_from(standing.calls_ms.len()).unwrap_or(u64::MAX);
        let calls_left = limit.map(|limit| limit.saturating_sub(counted));
        let (reason, done_ms) = match begin(standing) {
            Err(reason) => (reason, None),
            Ok(begin_ms) => match limit {
                None => (ForecastReason::Unlimited, Some(begin_ms)),
                Some(limit) => match Budget::new(standing, limit, begin_ms).ticks_until_done(need) {
                    None => (ForecastReason::TooLong, None),
                    Some(0) => (ForecastReason::WithinBudget, Some(begin_ms)),
                    Some(ticks) => {
                        let wait_ms = u64::try_from(ticks).unwrap_or(u64::MAX).saturating_mul(TICK_MS);
                        (ForecastReason::WaitsForCalls, Some(begin_ms.saturating_add(wait_ms)))
                    }
                },
            },
        };
        let budget_done_at = done_ms.map(public_time::from_ms);
        Some(Self {
            explanation: explain(reason, calls_needed, calls_left, budget_done_at),
            reason,
            calls_needed,
            calls_left,
            budget_done_at,
        })
    }
}

/// When jobs may begin, by pause and gate alone.
fn begin(standing: &Standing) -> Result<u64, ForecastReason> {
    let mut begin_ms = standing.now_ms;
    if let Some(pause) = &standing.pause {
        begin_ms = begin_ms.max(pause.until_ms.ok_or(ForecastReason::Paused)?);
    }
    match &standing.gate {
        Gate::Closed { until_ms, .. } => Ok(begin_ms.max(until_ms.ok_or(ForecastReason::GateClosed)?)),
        Gate::Open { .. } | Gate::Ramping { .. } => Ok(begin_ms),
    }
}

/// The calls that count, by when they cease to, as a ring of steps.
struct Budget {
    limit: u64,
    used: PerLane,
    ceasing: VecDeque<PerLane>,
}

impl Budget {
    fn new(standing: &Standing, limit: u64, begin_ms: u64) -> Self {
        let mut budget = Self {
            limit,
            used: [0; LANES],
            // One step more than a window: the calls of this moment cease to count in the last one.
            ceasing: VecDeque::from(vec![[0; LANES]; WINDOW_TICKS + 1]),
        };
        let window_ms = u64::try_from(CALL_COUNTS_FOR.as_millis()).unwrap_or(u64::MAX);
        for (lane, at_ms) in by_lane(standing) {
            let rest_ms = at_ms.saturating_add(window_ms).saturating_sub(begin_ms);
            let ticks = usize::try_from(rest_ms.div_ceil(TICK_MS)).unwrap_or(usize::MAX);
            if ticks > 0 {
                budget.used[lane] += 1;
                budget.ceasing[ticks.min(WINDOW_TICKS)][lane] += 1;
            }
        }
        budget
    }

    /// Steps until the last call may be made, if that is within the horizon.
    fn ticks_until_done(mut self, mut need: PerLane) -> Option<usize> {
        for tick in 0..=MAX_TICKS {
            for (lane, needed) in need.iter_mut().enumerate() {
                let calls = self.left(lane).min(*needed);
                *needed -= calls;
                self.used[lane] += calls;
                self.ceasing[WINDOW_TICKS][lane] += calls;
            }
            if need.iter().all(|calls| *calls == 0) {
                return Some(tick);
            }
            self.step();
        }
        None
    }

    fn step(&mut self) {
        self.ceasing.rotate_left(1);
        let ceased = std::mem::take(&mut self.ceasing[0]);
        for (used, ceased) in self.used.iter_mut().zip(ceased) {
            *used -= ceased;
        }
    }

    /// Calls that a lane may make now: what the others have not used, and is not kept for them.
    fn left(&self, lane: usize) -> u64 {
        let taken = |other: usize| {
            let reserved = self.limit * reserved_percent(Lane::ALL[other]) / 100;
            if other == lane {
                self.used[other]
            } else {
                self.used[other].max(reserved)
            }
        };
        self.limit.saturating_sub(per_lane(taken).iter().sum())
    }
}

/// The counted calls, oldest first, each with a lane. Which lane made which call is not told, only how many each made:
/// the lanes are spread evenly over the times.
fn by_lane(standing: &Standing) -> Vec<(usize, u64)> {
    let calls = Lane::ALL.map(|lane| standing.lanes.get(&lane).map_or(0, |found| found.calls));
    let mut rest = calls;
    let least_served = |rest: &PerLane| {
        let lanes = (0..LANES).filter(|lane| rest[*lane] > 0);
        lanes.max_by(|a, b| {
            let (a_share, b_share) = (rest[*a] * calls[*b], rest[*b] * calls[*a]);
            a_share.cmp(&b_share)
        })
    };
    let times = standing.calls_ms.iter();
    times
        .map_while(|at_ms| {
            let lane = least_served(&rest)?;
            rest[lane] -= 1;
            Some((lane, *at_ms))
        })
        .collect()
}

fn per_lane(value: impl Fn(usize) -> u64) -> PerLane {
    std::array::from_fn(value)
}

fn explain(reason: ForecastReason, needed: u64, left: Option<u64>, at: Option<Timestamp>) -> String {
    let at = at.map(shown).unwrap_or_default();
    let left = left.unwrap_or_default();
    match reason {
        ForecastReason::Paused => {
            format!("about {needed} calls are needed, and nothing is called until somebody resumes the connector")
        }
        ForecastReason::GateClosed => {
            format!("about {needed} calls are needed, and nothing is called until somebody validates the connector")
        }
        ForecastReason::Unlimited => {
            format!("about {needed} calls are needed, and no limit holds them up from {at} on")
        }
        ForecastReason::WithinBudget => {
            format!("about {needed} calls are needed, {left} are left: the budget does not hold them up from {at} on")
        }
        ForecastReason::WaitsForCalls => {
            format!("about {needed} calls are needed, {left} are left: the budget allows the last of them at {at}")
        }
        ForecastReason::TooLong => {
            format!("about {needed} calls are needed, more than the budget allows within {MAX_DAYS} days")
        }
    }
}
