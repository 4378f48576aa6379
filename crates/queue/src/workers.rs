//! `lua/beat.lua` and `lua/leave.lua`: worker incarnations.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Lane, Name, Queue, QueueError, housekeeping::WORKER_SILENCE, keys, queue::millis};

/// What a worker says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerInfo {
    /// Where it runs.
    pub host: String,
    /// Its process there.
    pub pid: u32,
    /// Its program's version.
    pub version: String,
    /// When it started, milliseconds since 1970.
    pub started_ms: u64,
    /// Slots per lane.
    pub concurrency: BTreeMap<Lane, usize>,
}

/// A worker incarnation as Redis knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Worker {
    /// The incarnation.
    pub id: String,
    /// Its last beat, milliseconds since 1970 by Redis' clock.
    pub last_beat_ms: u64,
    /// What it said of itself.
    pub info: Option<WorkerInfo>,
    /// Jobs it holds, per lane.
    pub running: BTreeMap<Lane, u64>,
}

impl Queue {
    /// Says that a worker lives; the first beat registers it. Returns false if beats had been missed.
    pub async fn beat(&self, worker: &Name, info: &WorkerInfo) -> Result<bool, QueueError> {
        let info = serde_json::to_string(info).unwrap_or_default();
        let mut call = self.timed(&self.shared.scripts.beat);
        call.arg(worker.as_str()).arg(info).arg(millis(WORKER_SILENCE));
        self.run(&call).await
    }

    /// Signs a worker off. Returns how many leases it left behind.
    pub async fn leave(&self, worker: &Name) -> Result<u64, QueueError> {
        let mut call = self.shared.scripts.leave.key(keys::key(keys::DATA));
        call.arg(worker.as_str());
        self.run(&call).await
    }

    /// The workers that Redis knows, by last beat.
    pub async fn workers(&self) -> Result<Vec<Worker>, QueueError> {
        let mut redis = self.connection();
        let beats: Vec<(String, f64)> = redis::cmd("ZRANGE")
            .arg(keys::key(keys::WORKERS))
            .arg(0)
            .arg(9_999)
            .arg("WITHSCORES")
            .query_async(&mut redis)
            .await?;
        let mut workers = Vec::with_capacity(beats.len());
        for (id, beat) in beats {
            let mut pipe = redis::pipe();
            pipe.cmd("HGET").arg(keys::key(keys::WORKER_INFO)).arg(&id);
            for lane in Lane::ALL {
                pipe.cmd("HLEN").arg(keys::running(&id, lane.as_str()));
            }
            let (info, check, push, background): (Option<String>, u64, u64, u64) = pipe.query_async(&mut redis).await?;
            workers.push(Worker {
                id,
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a time in ms, 2^53 at most"
                )]
                last_beat_ms: beat as u64,
                info: info.and_then(|text| serde_json::from_str(&text).ok()),
                running: Lane::ALL.into_iter().zip([check, push, background]).collect(),
            });
        }
        Ok(workers)
    }
}
