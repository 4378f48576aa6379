//! Whether a Redis may be trusted with results: it must neither evict nor forget.

use crate::{Queue, QueueError};

/// The oldest Redis whose scripts we use: flags on scripts came with 7.0.
const OLDEST_MAJOR: u32 = 7;

/// Something about a Redis that can lose jobs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Hazard {
    /// It deletes keys when memory is short.
    #[error("it may evict keys: maxmemory-policy is {policy}; set it to noeviction")]
    Evicts {
        /// The policy in force.
        policy: String,
    },
    /// It keeps nothing on disk.
    #[error("it keeps nothing on disk: set `appendonly yes`")]
    Forgets,
    /// It is a replica.
    #[error("it is a replica: point redis.url at the primary")]
    Replica,
    /// It is too old.
    #[error("it is version {version}: passback needs Redis {OLDEST_MAJOR}.0 or later")]
    TooOld {
        /// Its version.
        version: String,
    },
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Safety {
    /// What can lose jobs; empty if nothing.
    pub hazards: Vec<Hazard>,
}

impl Queue {
    /// Asks Redis how it is set up.
    pub async fn safety(&self) -> Result<Safety, QueueError> {
        let mut redis = self.connection();
        let mut info = String::new();
        for section in ["server", "persistence", "memory", "replication"] {
            let text: String = redis::cmd("INFO").arg(section).query_async(&mut redis).await?;
            info.push_str(&text);
        }
        // Only asked where the append-only file is off; a managed Redis may refuse to say.
        let snapshots: Result<Vec<String>, _> = redis::cmd("CONFIG")
            .arg("GET")
            .arg("save")
            .query_async(&mut redis)
            .await;
        let snapshots = snapshots.is_ok_and(|pair| pair.get(1).is_some_and(|save| !save.is_empty()));
        Ok(judge(&info, snapshots))
    }
}

fn judge(info: &str, snapshots: bool) -> Safety {
    let field = |name: &str| {
        info.lines()
            .find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':'))
            .unwrap_or_default()
    };
    let mut hazards = Vec::new();
    let version = field("redis_version");
    let major = version.split('.').next().and_then(|text| text.parse::<u32>().ok());
    if major.is_some_and(|major| major < OLDEST_MAJOR) {
        hazards.push(Hazard::TooOld {
            version: version.to_owned(),
        });
    }
    let policy = field("maxmemory_policy");
    if !policy.is_empty() && policy != "noeviction" {
        hazards.push(Hazard::Evicts {
            policy: policy.to_owned(),
        });
    }
    if field("aof_enabled") == "0" && !snapshots {
        hazards.push(Hazard::Forgets);
    }
    if field("role") == "slave" {
        hazards.push(Hazard::Replica);
    }
    Safety { hazards }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAFE: &str = "redis_version:7.0.15\r\naof_enabled:1\r\nmaxmemory_policy:noeviction\r\nrole:master\r\n";

    #[test]
    fn a_redis_that_keeps_what_it_is_given_is_safe() {
        assert_eq!(judge(SAFE, false), Safety::default());
    }

    #[test]
    fn each_way_to_lose_jobs_is_named() {
        let found = |info: &str| judge(info, false).hazards;
        assert_eq!(
            found(&SAFE.replace("aof_enabled:1", "aof_enabled:0")),
            [Hazard::Forgets]
        );
        assert_eq!(found(&SAFE.replace("master", "slave")), [Hazard::Replica]);
        assert_eq!(
            found(&SAFE.replace("noeviction", "allkeys-lru")),
            [Hazard::Evicts {
                policy: "allkeys-lru".to_owned()
            }]
        );
        assert_eq!(
            found(&SAFE.replace("7.0.15", "6.2.1")),
            [Hazard::TooOld {
                version: "6.2.1".to_owned()
            }]
        );
    }

    #[test]
    fn snapshots_count_as_keeping() {
        assert_eq!(
            judge(&SAFE.replace("aof_enabled:1", "aof_enabled:0"), true),
            Safety::default()
        );
    }
}
