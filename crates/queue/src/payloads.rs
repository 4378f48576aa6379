//! Walking all payloads, and `lua/replace_payloads.lua`: for sealing them anew.

use crate::{JobId, JobRecord, Lane, Queue, QueueError, keys};

/// Payloads per script call; more are split.
const CHUNK_PAYLOADS: usize = 20;
/// The most jobs asked for at one look.
const MAX_SCANNED: usize = 1000;

/// A job as a scan sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannedJob {
    /// Its id.
    pub id: JobId,
    /// The serialisation key, if any.
    pub key: Option<String>,
    /// The payload's tag.
    pub kind: String,
    /// Whose slots it takes.
    pub lane: Lane,
    /// Its payload.
    pub payload: Vec<u8>,
}

/// Jobs found by one look.
#[derive(Debug, Clone)]
pub struct ScanPage {
    /// The jobs; there may be none although there is a next look.
    pub jobs: Vec<ScannedJob>,
    /// Where to go on; 0 at the end.
    pub next: u64,
}

/// One payload to be replaced.
#[derive(Debug, Clone)]
pub struct PayloadChange {
    /// The job.
    pub id: JobId,
    /// What its payload must be now.
    pub old: Vec<u8>,
    /// What it becomes.
    pub new: Vec<u8>,
}

impl Queue {
    /// Looks at living jobs, about `count` at a time, beginning with the cursor 0. What lives from the first look to the
    /// last is seen at least once; what this version cannot read is left out.
    pub async fn scan_jobs(&self, cursor: u64, count: usize) -> Result<ScanPage, QueueError> {
        let (next, pairs): (u64, Vec<(String, Vec<u8>)>) = redis::cmd("HSCAN")
            .arg(keys::key(keys::DATA))
            .arg(cursor)
            .arg("COUNT")
            .arg(count.clamp(1, MAX_SCANNED))
            .query_async(&mut self.connection())
            .await?;
        let jobs = pairs.iter().filter_map(|(id, data)| scanned(id, data)).collect();
        Ok(ScanPage { jobs, next })
    }

    /// Replaces payloads that are still what they were; says for each whether it was.
    ///
    /// After an error some may be replaced.
    pub async fn replace_payloads(&self, changes: &[PayloadChange]) -> Result<Vec<bool>, QueueError> {
        let mut replaced = Vec::with_capacity(changes.len());
        for chunk in changes.chunks(CHUNK_PAYLOADS) {
            let mut call = self.timed(&self.shared.scripts.replace_payloads);
            for change in chunk {
                call.arg(change.id.to_string()).arg(&change.old).arg(&change.new);
            }
            let verdicts: Vec<bool> = self.run(&call).await?;
            replaced.extend(verdicts);
        }
        Ok(replaced)
    }
}

fn scanned(id: &str, data: &[u8]) -> Option<ScannedJob> {
    let record = JobRecord::parse(id.parse().ok()?, data, b"", b"", b"")?;
    Some(ScannedJob {
        id: record.id,
        key: record.key,
        kind: record.kind,
        lane: record.lane,
        payload: record.payload?,
    })
}
