//! `lua/explain.lua`: why a job is not running, by the predicates of the claim.

use crate::{
    JobId, Lane, Queue, QueueError, housekeeping::WORKER_SILENCE, queue::millis, quota::CALL_COUNTS_FOR,
    record::first_wake,
};

/// The first thing that keeps a job from running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blocker {
    /// It runs.
    Running {
        /// The worker that has it.
        worker: String,
    },
    /// It waits for its time.
    Scheduled,
    /// It waits for an event.
    Parked {
        /// The event.
        wake: String,
    },
    /// It waits for a person.
    Dead,
    /// It has ended, or was never there.
    Ended,
    /// Its deadline has passed: it expires unrun.
    DeadlinePassed,
    /// A person has paused its lane.
    LanePaused {
        /// Who and why, as JSON.
        note: String,
    },
    /// A person has paused its connector.
    ConnectorPaused {
        /// Who and why, as JSON.
        note: String,
    },
    /// Its connector's gate is closed.
    GateClosed,
    /// Its connector's gate has opened and lets a few jobs through at once.
    GateRamping {
        /// How many.
        window: u32,
    },
    /// Its connector runs as many jobs as it may.
    Concurrency {
        /// How many.
        limit: u32,
    },
    /// Its connector's calls of this hour are used up, or kept for other lanes.
    Quota {
        /// Calls allowed in an hour.
        limit: u32,
    },
    /// The calls of this hour from the worker's address are used up, or kept for other lanes.
    EgressQuota {
        /// Calls allowed in an hour.
        limit: u32,
    },
    /// Another job of the same serialisation key runs or comes first.
    Key {
        /// That job.
        holder: String,
    },
    /// Nothing of its own: no live worker serves its lane.
    NoWorker,
    /// Nothing of its own: it waits for its turn or a free slot.
    Turn,
}

/// Why a job is not running. Times are milliseconds since 1970 by Redis' clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What keeps it.
    pub blocker: Blocker,
    /// The catalogue code that explains the blocker, where one does.
    pub code: Option<String>,
    /// Since when.
    pub since_ms: Option<u64>,
    /// When that is expected to pass by itself; none if that is not known.
    pub release_ms: Option<u64>,
    /// Jobs of its connector and lane, or of its key, that go before it.
    pub ahead: u64,
}

impl Queue {
    /// Says what keeps a job from running.
    pub async fn explain(&self, id: JobId) -> Result<Explanation, QueueError> {
        let egress = &self.shared.egress;
        let mut call = self.timed(&self.shared.scripts.explain);
        call.arg(id.to_string())
            .arg(egress.name.as_str())
            .arg(egress.calls_per_hour.unwrap_or(0))
            .arg(millis(CALL_COUNTS_FOR));
        let flat: Vec<String> = self.run(&call).await?;
        let mut explanation = parse(&flat).ok_or_else(|| QueueError::Unreadable(format!("an explanation of {id}")))?;
        if explanation.blocker == Blocker::Turn
            && let Some(job) = self.job(id).await?
            && !self.is_served(job.lane).await?
        {
            explanation.blocker = Blocker::NoWorker;
        }
        Ok(explanation)
    }

    async fn is_served(&self, lane: Lane) -> Result<bool, QueueError> {
        let now_ms = self.now_ms().await?;
        let workers = self.workers().await?;
        Ok(workers.iter().any(|worker| {
            let beats = now_ms.saturating_sub(worker.last_beat_ms) < millis(WORKER_SILENCE);
            let slots = worker.info.as_ref().and_then(|info| info.concurrency.get(&lane));
            beats && slots.is_some_and(|slots| *slots > 0)
        }))
    }
}

fn parse(flat: &[String]) -> Option<Explanation> {
    let gone = |blocker| Explanation {
        blocker,
        code: None,
        since_ms: None,
        release_ms: None,
        ahead: 0,
    };
    let [name, code, since, release, detail, ahead] = flat else {
        return (flat.first()? == "gone").then(|| gone(Blocker::Ended));
    };
    let number = || detail.parse::<u32>().unwrap_or(0);
    let text = || detail.clone();
    let blocker = match name.as_str() {
        "running" => Blocker::Running { worker: text() },
        "scheduled" => Blocker::Scheduled,
        "parked" => Blocker::Parked {
            wake: first_wake(detail).to_owned(),
        },
        "dead" => Blocker::Dead,
        "deadline" => Blocker::DeadlinePassed,
        "lane_paused" => Blocker::LanePaused { note: text() },
        "connector_paused" => Blocker::ConnectorPaused { note: text() },
        "gate" => Blocker::GateClosed,
        "ramp" => Blocker::GateRamping { window: number() },
        "concurrency" => Blocker::Concurrency { limit: number() },
        "quota" => Blocker::Quota { limit: number() },
        "egress" => Blocker::EgressQuota { limit: number() },
        "key" => Blocker::Key { holder: text() },
        "turn" => Blocker::Turn,
        _ => return None,
    };
    let time = |text: &str| text.parse().ok().filter(|ms: &u64| *ms > 0);
    Some(Explanation {
        blocker,
        code: (!code.is_empty()).then(|| code.clone()),
        since_ms: time(since),
        release_ms: time(release),
        ahead: ahead.parse().ok()?,
    })
}
