//! `lua/depths.lua`: how much work is due, and since when.

use std::collections::BTreeMap;

use crate::{Lane, Queue, QueueError};

/// The most connectors looked at per lane.
const MAX_CONNECTORS: usize = 1_000;

/// How much work is due. Times are milliseconds since 1970 by Redis' clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Depths {
    /// When this was read.
    pub now_ms: u64,
    /// Ready jobs that wait behind another one of the same key.
    pub behind: u64,
    /// When the first scheduled job is due, or was.
    pub first_due_ms: Option<u64>,
    /// Per lane.
    pub lanes: BTreeMap<Lane, LaneDepth>,
}

/// How much work is due in one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneDepth {
    /// Ready jobs, those behind another one's key not counted.
    pub ready: u64,
    /// Since when the first of them is ready.
    pub oldest_ms: Option<u64>,
}

impl Queue {
    /// How much work is due, and since when.
    pub async fn depths(&self) -> Result<Depths, QueueError> {
        let mut call = self.timed(&self.shared.scripts.depths);
        call.arg(MAX_CONNECTORS);
        let flat: Vec<u64> = self.run(&call).await?;
        let [now_ms, behind, first_due_ms, lanes @ ..] = flat.as_slice() else {
            return Err(QueueError::Unreadable("the depths of the lanes".to_owned()));
        };
        let time = |ms: u64| (ms > 0).then_some(ms);
        let lanes = Lane::ALL.into_iter().zip(lanes.chunks_exact(2)).map(|(lane, depth)| {
            let depth = LaneDepth {
                ready: depth[0],
                oldest_ms: time(depth[1]),
            };
            (lane, depth)
        });
        Ok(Depths {
            now_ms: *now_ms,
            behind: *behind,
            first_due_ms: time(*first_due_ms),
            lanes: lanes.collect(),
        })
    }
}
