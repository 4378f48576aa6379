//! Reading jobs: one, a page of a state, how many there are.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use crate::{JobId, JobRecord, Lane, Queue, QueueError, State, keys};

/// Ids read per look, and the most looks per page, so that a filter that matches nothing stays bounded.
const SCAN_IDS: usize = 200;
const MAX_SCANS: usize = 25;
/// The last place in an index that a cursor may name.
const MAX_RANK: u64 = u64::MAX >> 2;

/// Which jobs to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only this state; none means every living state.
    pub state: Option<State>,
    /// Only this connector.
    pub connector: Option<String>,
    /// Only this catalogue code.
    pub code: Option<String>,
    /// Only this lane.
    pub lane: Option<Lane>,
}

impl Filter {
    pub(crate) fn matches(&self, job: &JobRecord) -> bool {
        self.state.is_none_or(|state| job.state == state)
            && self
                .connector
                .as_ref()
                .is_none_or(|connector| &job.connector == connector)
            && self.code.as_ref().is_none_or(|code| job.code.as_ref() == Some(code))
            && self.lane.is_none_or(|lane| job.lane == lane)
    }
}

/// A page of jobs.
#[derive(Debug, Clone)]
pub struct Page {
    /// The jobs.
    pub jobs: Vec<JobRecord>,
    /// Where to go on; none at the end.
    pub next: Option<String>,
}

/// How many jobs there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Counts {
    /// Jobs in each living state.
    pub living: BTreeMap<State, u64>,
    /// What ended how, was buried, reclaimed or fenced, since the beginning.
    pub counters: BTreeMap<String, u64>,
}

/// An index of ids: a hash to scan, or a sorted set to walk.
#[derive(Debug, Clone)]
enum Index {
    Sorted(String),
    Hash(String),
}

impl Queue {
    /// One job, living or finished.
    pub async fn job(&self, id: JobId) -> Result<Option<JobRecord>, QueueError> {
        Ok(self.read(&[id.to_string()]).await?.into_iter().next())
    }

    /// A page of jobs. A page may be short or empty although there is a next one.
    ///
    /// Cursors are those of a state; dead letters leave by a person's hand, who may read on meanwhile: see
    /// [`crate::is_dead_cursor`].
    pub async fn jobs(&self, filter: &Filter, after: Option<&str>, most: usize) -> Result<Page, QueueError> {
        if filter.state == Some(State::Dead) {
            return self.dead_page(filter, after, most).await;
        }
        let indexes = self.indexes(filter.state).await?;
        let (mut at, mut offset) = parse_cursor(after);
        let mut jobs = Vec::new();
        let mut scans = 0;
        while at < indexes.len() {
            if jobs.len() >= most || scans >= MAX_SCANS {
                return Ok(Page {
                    jobs,
                    next: Some(format!("{at}-{offset}")),
                });
            }
            scans += 1;
            let (ids, next) = self
                .scan(&indexes[at], offset, (most - jobs.len()).clamp(1, SCAN_IDS))
                .await?;
            jobs.extend(self.read(&ids).await?.into_iter().filter(|job| filter.matches(job)));
            (at, offset) = next.map_or((at + 1, 0), |further| (at, further));
        }
        Ok(Page { jobs, next: None })
    }

    /// How many jobs there are in each state.
    pub async fn counts(&self) -> Result<Counts, QueueError> {
        let mut redis = self.connection();
        let (all, scheduled, parked, dead, counters): (u64, u64, u64, u64, BTreeMap<String, u64>) = redis::pipe()
            .atomic()
            .hlen(keys::key(keys::DATA))
            .zcard(keys::key(keys::SCHEDULED))
            .zcard(keys::key(keys::PARKED))
            .zcard(keys::key(keys::DEAD))
            .hgetall(keys::key(keys::COUNTERS))
            .query_async(&mut redis)
            .await?;
        let running = self
            .workers()
            .await?
            .iter()
            .flat_map(|worker| worker.running.values())
            .sum();
        let ready = all.saturating_sub(scheduled + parked + dead + running);
        let living = [
            (State::Ready, ready),
            (State::Scheduled, scheduled),
            (State::Running, running),
            (State::Parked, parked),
            (State::Dead, dead),
        ];
        Ok(Counts {
            living: living.into_iter().collect(),
            counters,
        })
    }

    /// Where jobs are, living or ended; ids that lead nowhere are left out.
    pub async fn states(&self, ids: &[JobId]) -> Result<HashMap<JobId, State>, QueueError> {
        let mut states = HashMap::new();
        for chunk in ids.chunks(SCAN_IDS) {
            let texts: Vec<String> = chunk.iter().map(ToString::to_string).collect();
            let jobs = self.read(&texts).await?;
            states.extend(jobs.into_iter().map(|job| (job.id, job.state)));
        }
        Ok(states)
    }

    /// Reads jobs as they are at one moment; ids that lead nowhere are left out.
    pub(crate) async fn read(&self, ids: &[String]) -> Result<Vec<JobRecord>, QueueError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut call = self.shared.scripts.read.key(keys::key(keys::DATA));
        for id in ids {
            call.arg(id);
        }
        let flat: Vec<Vec<u8>> = self.run(&call).await?;
        let records = ids.iter().zip(flat.chunks_exact(4));
        Ok(records
            .filter_map(|(id, parts)| {
                let id: JobId = id.parse().ok()?;
                let record = JobRecord::parse(id, &parts[0], &parts[1], &parts[2], &parts[3]);
                record.or_else(|| JobRecord::unreadable(id, &parts[0]))
            })
            .collect())
    }

    async fn indexes(&self, state: Option<State>) -> Result<Vec<Index>, QueueError> {
        let sorted = |name| vec![Index::Sorted(keys::key(name))];
        Ok(match state {
            // Ready jobs stand in many lists; the data hash has them all.
            None | Some(State::Ready) => vec![Index::Hash(keys::key(keys::DATA))],
            Some(State::Scheduled) => sorted(keys::SCHEDULED),
            Some(State::Parked) => sorted(keys::PARKED),
            Some(State::Dead) => sorted(keys::DEAD),
            Some(State::Running) => {
                let workers = self.workers().await?;
                let leases = |id: &str| Lane::ALL.map(|lane| Index::Hash(keys::running(id, lane.as_str())));
                workers.iter().flat_map(|worker| leases(&worker.id)).collect()
            }
            Some(State::Done | State::Superseded | State::Expired | State::Discarded) => {
                let buckets: Vec<String> = redis::cmd("ZRANGE")
                    .arg(keys::key(keys::BUCKETS))
                    .arg(0)
                    .arg(9_999)
                    .arg("REV")
                    .query_async(&mut self.connection())
                    .await?;
                buckets.into_iter().map(Index::Hash).collect()
            }
        })
    }

    async fn scan(&self, index: &Index, from: u64, most: usize) -> Result<(Vec<String>, Option<u64>), QueueError> {
        let mut redis = self.connection();
        match index {
            Index::Sorted(key) => {
                // Beyond what Redis counts to there is nothing.
                if from > MAX_RANK {
                    return Ok((Vec::new(), None));
                }
                let until = from + most as u64 - 1;
                let ids: Vec<String> = redis::cmd("ZRANGE")
                    .arg(key)
                    .arg(from)
                    .arg(until)
                    .query_async(&mut redis)
                    .await?;
                let next = (ids.len() == most).then_some(until + 1);
                Ok((ids, next))
            }
            Index::Hash(key) => {
                let (next, pairs): (u64, Vec<(String, Vec<u8>)>) = redis::cmd("HSCAN")
                    .arg(key)
                    .arg(from)
                    .arg("COUNT")
                    .arg(most)
                    .query_async(&mut redis)
                    .await?;
                Ok((
                    pairs.into_iter().map(|(id, _)| id).collect(),
                    (next != 0).then_some(next),
                ))
            }
        }
    }
}

fn parse_cursor(after: Option<&str>) -> (usize, u64) {
    let cursor = after.and_then(|text| text.split_once('-'));
    cursor
        .and_then(|(at, offset)| Some((at.parse().ok()?, offset.parse().ok()?)))
        .unwrap_or((0, 0))
}
