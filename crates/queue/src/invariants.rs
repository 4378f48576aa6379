//! What must be true of Redis at any moment between two scripts.

use std::collections::{BTreeMap, BTreeSet};

use crate::{JobRecord, Lane, Queue, QueueError, State, keys};

/// The most jobs and keys looked at; beyond that the check says that it is not whole.
pub(crate) const MAX_LOOKED_AT: usize = 200_000;

impl Queue {
    /// Checks that every job is in exactly one state's index and that its record agrees; returns what is wrong.
    ///
    /// For tests and for `doctor`: it reads everything and is only exact while nobody writes.
    pub async fn violations(&self) -> Result<Vec<String>, QueueError> {
        let places = self.places().await?;
        let ids = self.all_ids().await?;
        let mut wrong = Vec::new();
        if ids.len() >= MAX_LOOKED_AT {
            wrong.push(format!("more than {MAX_LOOKED_AT} jobs: not all were looked at"));
        }
        let known: BTreeSet<&String> = ids.iter().collect();
        let mut carried = BTreeSet::new();
        for chunk in ids.chunks(500) {
            for job in self.read(chunk).await? {
                if job.lane == Lane::Push {
                    // Jobs of other lanes only look after a result.
                    carried.extend(job.result_id.clone());
                }
                judge(&job, places.get(&job.id.to_string()), &mut wrong);
            }
        }
        for (id, found) in &places {
            if !known.contains(id) {
                wrong.push(format!("{id} stands in {found:?} but has no record"));
            }
        }
        self.judge_keys(&places, &mut wrong).await?;
        self.judge_turns(&mut wrong).await?;
        self.judge_running(&mut wrong).await?;
        self.judge_wakes(&mut wrong).await?;
        self.judge_open_results(&carried, &mut wrong).await?;
        self.judge_docebo_events(&mut wrong).await?;
        self.judge_docebo_users(&mut wrong).await?;
        Ok(wrong)
    }

    async fn all_ids(&self) -> Result<Vec<String>, QueueError> {
        let ids: Vec<String> = redis::cmd("HKEYS")
            .arg(keys::key(keys::DATA))
            .query_async(&mut self.connection())
            .await?;
        Ok(ids.into_iter().take(MAX_LOOKED_AT).collect())
    }

    /// Every place in which an id stands.
    async fn places(&self) -> Result<BTreeMap<String, Vec<String>>, QueueError> {
        let mut redis = self.connection();
        let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for key in self.keys_like("*").await? {
            let name = key.trim_start_matches(keys::SHARD_PREFIX).to_owned();
            let mut command = if name.starts_with(keys::READY) || name.starts_with(keys::WAITING) {
                redis::cmd("LRANGE")
            } else if [keys::SCHEDULED, keys::PARKED, keys::DEAD].contains(&name.as_str()) {
                redis::cmd("ZRANGE")
            } else {
                redis::cmd("HKEYS")
            };
            command.arg(&key);
            let whole = !name.starts_with(keys::RUNNING);
            if whole {
                command.arg(0).arg(-1);
            }
            if is_place(&name) {
                let ids: Vec<String> = command.query_async(&mut redis).await?;
                for entry in ids {
                    // A ready job stands with its key; an id has 26 characters.
                    let id = entry.split('|').next().unwrap_or_default().to_owned();
                    places.entry(id).or_default().push(name.clone());
                }
            }
        }
        Ok(places)
    }

    pub(crate) async fn keys_like(&self, pattern: &str) -> Result<Vec<String>, QueueError> {
        let mut redis = self.connection();
        let mut found = Vec::new();
        let mut cursor = 0_u64;
        loop {
            let (next, keys): (u64, Vec<String>) = redis::cmd("SCAN")
                .arg(cursor)
                .arg("MATCH")
                .arg(format!("{}{pattern}", keys::SHARD_PREFIX))
                .arg("COUNT")
                .arg(1000)
                .query_async(&mut redis)
                .await?;
            found.extend(keys);
            cursor = next;
            if cursor == 0 || found.len() >= MAX_LOOKED_AT {
                found.sort();
                found.dedup();
                return Ok(found);
            }
        }
    }
}

/// Whether a key holds ids of living jobs, each standing in one of them.
fn is_place(name: &str) -> bool {
    [keys::SCHEDULED, keys::PARKED, keys::DEAD].contains(&name)
        || [keys::READY, keys::WAITING, keys::RUNNING]
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

fn judge(job: &JobRecord, places: Option<&Vec<String>>, wrong: &mut Vec<String>) {
    let id = job.id;
    let expected = match job.state {
        State::Ready => match &job.key {
            Some(key) => vec![
                format!("{}{}:{}", keys::READY, job.lane, job.connector),
                format!("{}{key}", keys::WAITING),
            ],
            None => vec![format!("{}{}:{}", keys::READY, job.lane, job.connector)],
        },
        State::Scheduled => vec![keys::SCHEDULED.to_owned()],
        State::Running => {
            vec![format!(
                "{}{}:{}",
                keys::RUNNING,
                job.worker.as_deref().unwrap_or_default(),
                job.lane
            )]
        }
        State::Parked => vec![keys::PARKED.to_owned()],
        State::Dead => vec![keys::DEAD.to_owned()],
        State::Done | State::Superseded | State::Expired | State::Discarded => {
            wrong.push(format!("{id} has ended as {} but its data is still there", job.state));
            return;
        }
    };
    match places.map(Vec::as_slice) {
        Some([place]) if expected.contains(place) => {}
        found => wrong.push(format!(
            "{id} is {} and should stand in one of {expected:?}, but is in {found:?}",
            job.state
        )),
    }
}
