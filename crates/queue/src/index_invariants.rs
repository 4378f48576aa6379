//! What must be true of keys, turns and counts at any moment between two scripts.

use std::collections::{BTreeMap, BTreeSet};

use crate::{JobId, JobRecord, Lane, Queue, QueueError, keys};

impl Queue {
    /// A busy key names a job that runs or is next; a waiting job waits behind a busy key; no two running jobs share a key.
    pub(crate) async fn judge_keys(
        &self,
        places: &BTreeMap<String, Vec<String>>,
        wrong: &mut Vec<String>,
    ) -> Result<(), QueueError> {
        let busy: BTreeMap<String, String> = redis::cmd("HGETALL")
            .arg(keys::key(keys::BUSY))
            .query_async(&mut self.connection())
            .await?;
        for (key, value) in &busy {
            let (id, marked) = value.strip_suffix('+').map_or((value.as_str(), false), |id| (id, true));
            let waiters = places
                .values()
                .flatten()
                .filter(|name| name.strip_prefix(keys::WAITING) == Some(key));
            if waiters.count() > 0 && !marked {
                wrong.push(format!("jobs wait behind key {key}, but its holder {id} does not know"));
            }
            let in_turn = places.get(id).is_some_and(|found| {
                found
                    .iter()
                    .any(|name| name.starts_with(keys::RUNNING) || name.starts_with(keys::READY))
            });
            if !in_turn {
                wrong.push(format!("key {key} is held by {id}, which neither runs nor is next"));
            }
        }
        let behind: Option<u64> = redis::cmd("GET")
            .arg(keys::key(keys::BEHIND))
            .query_async(&mut self.connection())
            .await?;
        let waiters = places.values().flatten().filter(|name| name.starts_with(keys::WAITING));
        let waiters = waiters.count() as u64;
        if behind.unwrap_or(0) != waiters {
            wrong.push(format!("{waiters} jobs wait behind keys, but {behind:?} are counted"));
        }
        for (id, found) in places {
            for name in found.iter().filter_map(|name| name.strip_prefix(keys::WAITING)) {
                if !busy.contains_key(name) {
                    wrong.push(format!("{id} waits behind key {name}, which is free"));
                }
            }
        }
        let running: Vec<&String> = places
            .iter()
            .filter(|(_, found)| found.iter().any(|name| name.starts_with(keys::RUNNING)))
            .map(|(id, _)| id)
            .collect();
        for id in running {
            let Ok(parsed) = id.parse::<JobId>() else { continue };
            let Some(JobRecord { key: Some(key), .. }) = self.job(parsed).await? else {
                continue;
            };
            let holder = busy.get(&key).map(|value| value.trim_end_matches('+'));
            if holder != Some(id.as_str()) {
                wrong.push(format!("{id} runs without holding its key {key}"));
            }
        }
        Ok(())
    }

    /// A connector with ready jobs has a turn or is on hold, never both; without any it has neither.
    pub(crate) async fn judge_turns(&self, wrong: &mut Vec<String>) -> Result<(), QueueError> {
        for lane in Lane::ALL {
            let turns = self.members(&keys::key_of(keys::TURNS, lane.as_str())).await?;
            let holds = self.members(&keys::key_of(keys::HOLDS, lane.as_str())).await?;
            let lists = self.keys_like(&format!("{}{lane}:*", keys::READY)).await?;
            let prefix = keys::ready(lane.as_str(), "");
            let ready: BTreeSet<String> = lists.iter().map(|key| key[prefix.len()..].to_owned()).collect();
            for connector in turns.intersection(&holds) {
                wrong.push(format!("{connector} has a turn in {lane} and is on hold there"));
            }
            let placed: BTreeSet<String> = turns.union(&holds).cloned().collect();
            for connector in ready.difference(&placed) {
                wrong.push(format!(
                    "{connector} has ready jobs in {lane}, but neither a turn nor a hold"
                ));
            }
            for connector in placed.difference(&ready) {
                wrong.push(format!("{connector} has a place in {lane} without ready jobs"));
            }
        }
        Ok(())
    }

    /// Who stands under a wake key is parked.
    pub(crate) async fn judge_wakes(&self, wrong: &mut Vec<String>) -> Result<(), QueueError> {
        let parked = self.members(&keys::key(keys::PARKED)).await?;
        for key in self.keys_like(&format!("{}*", keys::WAKE)).await? {
            for id in self.members(&key).await?.difference(&parked) {
                wrong.push(format!("{id} stands under {key}, but is not parked"));
            }
        }
        Ok(())
    }

    async fn members(&self, key: &str) -> Result<BTreeSet<String>, QueueError> {
        let mut range = redis::cmd("ZRANGE");
        range.arg(key).arg(0).arg(-1);
        Ok(range.query_async(&mut self.connection()).await?)
    }

    /// The count of running jobs of each connector is the number of its leases.
    pub(crate) async fn judge_running(&self, wrong: &mut Vec<String>) -> Result<(), QueueError> {
        let counted: BTreeMap<String, u64> = redis::cmd("HGETALL")
            .arg(keys::key(keys::RUNNING_COUNT))
            .query_async(&mut self.connection())
            .await?;
        let mut leased: BTreeMap<String, u64> = BTreeMap::new();
        for key in self.keys_like(&format!("{}*", keys::RUNNING)).await? {
            let mut fields = redis::cmd("HKEYS");
            fields.arg(&key);
            let ids: Vec<String> = fields.query_async(&mut self.connection()).await?;
            for chunk in ids.chunks(500) {
                for job in self.read(chunk).await? {
                    if job.lane == Lane::Check {
                        *leased.entry(format!("check:{}", job.connector)).or_default() += 1;
                    }
                    *leased.entry(job.connector).or_default() += 1;
                }
            }
        }
        if counted != leased {
            wrong.push(format!(
                "running jobs are counted as {counted:?}, but leased are {leased:?}"
            ));
        }
        Ok(())
    }
}
