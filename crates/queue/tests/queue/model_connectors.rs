//! What is known of a connector, in plain Rust: gate, pause, limits, calls, and how many jobs may start.

use passback_queue::{Failing, Gate, Lane, Limits};

use crate::quota::{COUNTS_MS, counted_left};

/// A failure as a worker reports it; a wait in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Failure {
    Down,
    DownForSure,
    Throttled(u64),
    Forbidden,
    Refused,
}

impl Failure {
    pub(crate) fn failing(self) -> Failing {
        match self {
            Self::Down => Failing::Down,
            Self::DownForSure => Failing::DownForSure,
            Self::Throttled(wait_ms) => crate::tenants::throttled(wait_ms),
            Self::Forbidden => Failing::Forbidden,
            Self::Refused => Failing::Refused,
        }
    }

    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Down => "docebo_unreachable",
            Self::DownForSure => "certificate_invalid",
            Self::Throttled(_) => "docebo_throttled",
            Self::Forbidden => "forbidden",
            Self::Refused => "credentials_refused",
        }
    }

    /// How many in a row close an open gate.
    fn enough(self) -> u32 {
        match self {
            Self::Down => 5,
            Self::Forbidden => 3,
            Self::DownForSure | Self::Throttled(_) | Self::Refused => 1,
        }
    }
}

/// The end of what only a person ends.
pub(crate) const NEVER: u64 = u64::MAX;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Door {
    Open,
    Closed { until_ms: u64, code: &'static str },
    Ramping { window: u32, good: u32 },
}

/// Calls that count against one limit, with their times.
pub(crate) type Calls = Vec<(u64, Lane)>;

/// How many jobs of a connector run, and how many of them are checks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Running {
    pub(crate) jobs: i64,
    pub(crate) checks: i64,
}

/// How many jobs may start, and if none: until when none may, whatever ends, and why.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Room {
    pub(crate) jobs: i64,
    pub(crate) hopeless: Option<(u64, &'static str)>,
}

#[derive(Debug, Clone)]
pub(crate) struct Connector {
    door: Door,
    /// Failures of one kind since the gate was simply open.
    row: Option<(&'static str, u32)>,
    pub(crate) limits: Limits,
    learned: Option<(u32, u64)>,
    /// When the pause ends, if there is one.
    pub(crate) paused: Option<u64>,
    pub(crate) calls: Calls,
}

impl Connector {
    pub(crate) fn new() -> Self {
        Self {
            door: Door::Open,
            row: None,
            limits: Limits::default(),
            learned: None,
            paused: None,
            calls: Vec::new(),
        }
    }

    fn is_shut(&self, now: u64) -> bool {
        matches!(self.door, Door::Closed { until_ms, .. } if until_ms > now)
    }

    /// Whether the gate has been closed for a time that is over, and nobody has looked since.
    pub(crate) fn may_ramp(&self, now: u64) -> bool {
        matches!(self.door, Door::Closed { .. }) && !self.is_shut(now)
    }

    pub(crate) fn ramp(&mut self) {
        self.door = Door::Ramping { window: 1, good: 0 };
    }

    pub(crate) fn needs_a_person(&self) -> bool {
        matches!(self.door, Door::Closed { until_ms: NEVER, .. })
    }

    /// Notes one more failure of a kind; says how many in a row that makes.
    fn count(&mut self, failure: Failure) -> u32 {
        let row = match self.row {
            Some((code, row)) if code == failure.code() => row + 1,
            Some(_) | None => 1,
        };
        self.row = Some((failure.code(), row));
        row
    }

    fn close(&mut self, failure: Failure, until_ms: u64) {
        self.door = Door::Closed {
            until_ms,
            code: failure.code(),
        };
    }

    pub(crate) fn report(&mut self, failure: Failure, now: u64) {
        let shut_until = match self.door {
            Door::Closed { until_ms, .. } if self.is_shut(now) => Some(until_ms),
            Door::Closed { .. } | Door::Open | Door::Ramping { .. } => None,
        };
        if shut_until == Some(NEVER) {
            return;
        }
        match failure {
            Failure::Refused => self.close(failure, NEVER),
            Failure::Throttled(wait_ms) => {
                // Several answers to one burst are one refusal.
                let news = shut_until.is_none() || self.row.is_none_or(|(code, _)| code != failure.code());
                if news {
                    self.learn(wait_ms, now);
                    self.count(failure);
                }
                let row = self.row.map_or(1, |(_, row)| row.max(1));
                let own = (5000 * 2_u64.pow((row - 1).min(20))).min(900_000);
                let until_ms = now + own.max(wait_ms);
                self.close(failure, until_ms.max(shut_until.unwrap_or(0)));
            }
            Failure::Down | Failure::DownForSure | Failure::Forbidden if shut_until.is_none() => {
                let row = self.count(failure);
                // The first job after a closure decides alone.
                let on_trial = matches!(self.door, Door::Closed { .. } | Door::Ramping { window: 1, .. });
                if on_trial || row >= failure.enough() {
                    let for_ms = if failure == Failure::Forbidden { 300_000 } else { 30_000 };
                    self.close(failure, now + for_ms);
                }
            }
            Failure::Down | Failure::DownForSure | Failure::Forbidden => {}
        }
    }

    /// A person opens; says whether it was closed.
    pub(crate) fn open(&mut self) -> bool {
        let closed = matches!(self.door, Door::Closed { .. });
        if closed {
            self.row = None;
            self.ramp();
        }
        closed
    }

    pub(crate) fn worked(&mut self) {
        match &mut self.door {
            Door::Closed { .. } => {}
            Door::Open => self.row = None,
            Door::Ramping { window, good } => {
                if self.row.is_some_and(|(code, _)| code != Failure::Throttled(0).code()) {
                    self.row = None;
                }
                *good += 1;
                if *good == *window {
                    (*window, *good) = (*window * 2, 0);
                }
                if *window > 64 {
                    (self.door, self.row) = (Door::Open, None);
                }
            }
        }
    }

    /// Ends the pause; says whether there was one.
    pub(crate) fn resume(&mut self) -> bool {
        let was_paused = self.paused.take().is_some();
        if was_paused && self.door == Door::Open {
            self.ramp();
        }
        was_paused
    }

    /// Whether this is how Redis sees the gate.
    pub(crate) fn agrees(&self, gate: &Gate) -> bool {
        match (self.door, gate) {
            (Door::Open, Gate::Open { failures }) => self.row.map_or(0, |(_, row)| row) == *failures,
            (
                Door::Closed { until_ms, code },
                Gate::Closed {
                    code: stored,
                    until_ms: until,
                    ..
                },
            ) => until_ms == until.unwrap_or(NEVER) && code == stored,
            (Door::Ramping { window, .. }, Gate::Ramping { window: stored, .. }) => window == *stored,
            (Door::Open | Door::Closed { .. } | Door::Ramping { .. }, _) => false,
        }
    }

    /// The calls allowed in an hour at present.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "times of a test and small limits"
    )]
    pub(crate) fn calls_allowed(&self, now: u64) -> Option<u32> {
        let configured = self.limits.calls_per_hour?;
        let Some((limit, at)) = self.learned else {
            return Some(configured);
        };
        let hours = (now - at) as f64 / 3_600_000.0;
        let recovered = hours * 0.05 * f64::from(configured);
        Some(configured.min((f64::from(limit) + recovered) as u32))
    }

    /// When a learned limit allows more than now, to the next millisecond.
    fn rises_ms(&self, now: u64) -> Option<u64> {
        let more = |at| self.calls_allowed(at) > self.calls_allowed(now);
        let (mut before, mut after) = (now, now + 21 * 3_600_000);
        if !more(after) {
            return None;
        }
        while after - before > 1 {
            let middle = u64::midpoint(before, after);
            if more(middle) {
                after = middle;
            } else {
                before = middle;
            }
        }
        Some(after + 1)
    }

    fn learn(&mut self, wait_ms: u64, now: u64) {
        let (Some(allowed), Some(configured)) = (self.calls_allowed(now), self.limits.calls_per_hour) else {
            return;
        };
        let used = u32::try_from(counted(&self.calls, now).count()).unwrap();
        let base = if wait_ms >= 60_000 { allowed.min(used) } else { allowed };
        let least = configured.div_ceil(20).max(1);
        self.learned = Some(((base * 4 / 5).max(least), now));
    }

    /// Why a call may not be made now, if it may not.
    pub(crate) fn call_refused(&self, lane: Lane, egress: Option<(&Calls, u32)>, now: u64) -> Option<&'static str> {
        if let Door::Closed { code, .. } = self.door
            && self.is_shut(now)
        {
            return Some(code);
        }
        let own = self.calls_allowed(now).map(|limit| (&self.calls, limit));
        let short = |(calls, limit): (&Calls, u32)| counted_left(calls, u64::from(limit), lane, now) < 1;
        own.into_iter().chain(egress).any(short).then_some("quota_used_up")
    }

    /// How many of its jobs may start in a lane beside those that run.
    pub(crate) fn room(&self, lane: Lane, running: Running, egress: Option<(&Calls, u32)>, now: u64) -> Room {
        let never = |until_ms, code| Room {
            jobs: 0,
            hopeless: Some((until_ms, code)),
        };
        if let Some(until_ms) = self.paused.filter(|until| *until > now) {
            return never(until_ms, "paused");
        }
        let window = match self.door {
            Door::Closed { until_ms, code } if self.is_shut(now) => return never(until_ms, code),
            Door::Closed { .. } => Some(1),
            Door::Ramping { window, .. } => Some(window),
            Door::Open => None,
        };
        let slots = window.into_iter().chain(self.limits.max_concurrency).min();
        let mut room = slots.map_or(i64::MAX, |slots| i64::from(slots) - running.jobs);
        // What checks may call is theirs, however many pushes run.
        let beside = if lane == Lane::Check {
            running.checks
        } else {
            running.jobs
        };
        let mut hopeless = None;
        let own = self
            .calls_allowed(now)
            .map(|limit| (&self.calls, limit, self.rises_ms(now)));
        let shared = egress.map(|(calls, limit)| (calls, limit, None));
        for (calls, limit, rises_ms) in own.into_iter().chain(shared) {
            let left = counted_left(calls, u64::from(limit), lane, now).max(0);
            let jobs = left / calls_of_job(lane, limit);
            if jobs - beside < room {
                room = jobs - beside;
                // No end of a running job brings calls back.
                let free_ms = counted(calls, now).map(|(at, _)| at + COUNTS_MS);
                hopeless = (jobs == 0).then(|| (free_ms.chain(rises_ms).min().unwrap_or(NEVER), "quota_used_up"));
            }
        }
        Room {
            jobs: room.max(0),
            hopeless,
        }
    }
}

fn counted(calls: &Calls, now: u64) -> impl Iterator<Item = &(u64, Lane)> {
    calls.iter().filter(move |(at, _)| now < at + COUNTS_MS)
}

/// The calls one job needs, or all that its lane may ever make.
fn calls_of_job(lane: Lane, limit: u32) -> i64 {
    let limit = u64::from(limit);
    let (check, push, background) = (limit * 20 / 100, limit * 10 / 100, limit * 5 / 100);
    let (need, kept) = match lane {
        Lane::Check => (2, push + background),
        Lane::Push => (3, check + background),
        Lane::Background => (2, check + push),
    };
    i64::try_from(need.min(limit - kept).max(1)).unwrap()
}
