//! A new master key takes over: what older keys sealed is counted, and sealed again, a slice at a time.
//!
//! Docebo's events stay as they were sealed until they are too old; until when that is, is said of each key.
//!
//! Connector secrets and the payloads of jobs that have not ended are sealed for long. So are the access tokens that
//! processes share, but these live an hour at most and are left to expire.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use passback_queue::{PayloadChange, ScannedJob};
use passback_registry::{ConnectorId, ResealedConnectors, SealedSecrets, Vault};
use serde::Serialize;

use crate::{Producer, StoreError, payload_context, public_time};

/// Jobs looked at in one slice.
const JOBS_PER_SLICE: usize = 1_000;

/// What a key has sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeyUse {
    /// The key's id, as it stands in the key file.
    pub key_id: String,
    /// Whether it is the one that seals today.
    pub current: bool,
    /// Whether the server's key file holds it; what a missing key sealed cannot be opened.
    pub held: bool,
    /// Connector secrets that it has sealed; counted with the first slice.
    pub connector_secrets: u64,
    /// Payloads of jobs that it has sealed, of those in this slice.
    pub payloads: u64,
    /// Until when events of Docebo's are kept that it has sealed, which are never sealed again; told with the first slice.
    #[serde(serialize_with = "public_time::option::serialize")]
    pub docebo_events_until: Option<Timestamp>,
}

/// What the keys have sealed, as far as a slice shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeyUsage {
    /// The key that seals today.
    pub current: String,
    /// Each key that has sealed something.
    pub keys: Vec<KeyUse>,
    /// Payloads that no key of any file has sealed.
    pub unreadable: u64,
    /// Connector secrets that no key has sealed; counted with the first slice.
    pub unreadable_secrets: u64,
    /// Where the next slice begins; none after the last.
    pub next_cursor: Option<String>,
}

/// What was sealed again in one slice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Resealed {
    /// The key that it is sealed with now.
    pub current: String,
    /// Connectors whose secrets were sealed again; done with the first slice.
    pub connectors: u64,
    /// Connectors with a secret that does not open; they were left as they are.
    pub unreadable_connectors: Vec<ConnectorId>,
    /// Payloads that were sealed again.
    pub resealed: u64,
    /// Payloads that do not open, and were left as they are.
    pub unreadable: u64,
    /// Where the next slice begins; none after the last.
    pub next_cursor: Option<String>,
}

impl Producer {
    /// Counts what each key has sealed, in the slice of jobs that begins at a cursor; 0 is the first.
    ///
    /// A job may be counted in two slices if jobs come and go meanwhile; what is there all the time is never missed.
    pub async fn key_usage(&self, cursor: u64) -> Result<KeyUsage, StoreError> {
        let secrets = if cursor == 0 {
            self.registry.sealed_with().await?
        } else {
            SealedSecrets::default()
        };
        let page = self.queue.scan_jobs(cursor, JOBS_PER_SLICE).await?;
        let mut counts: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        if cursor == 0 {
            // Named also if it has sealed nothing yet.
            counts.entry(self.vault().current_key_id().to_owned()).or_default();
        }
        let mut events = if cursor == 0 {
            self.event_keys().await?
        } else {
            HashMap::new()
        };
        for key_id in events.keys() {
            counts.entry(key_id.clone()).or_default();
        }
        for (key_id, secrets) in secrets.by_key {
            counts.entry(key_id).or_default().0 = secrets;
        }
        let mut unreadable = 0;
        for job in &page.jobs {
            match sealed(job).and_then(Vault::key_id_of) {
                Some(key_id) => counts.entry(key_id.to_owned()).or_default().1 += 1,
                None => unreadable += 1,
            }
        }
        let vault = self.vault();
        let keys = counts
            .into_iter()
            .map(|(key_id, (connector_secrets, payloads))| KeyUse {
                current: key_id == vault.current_key_id(),
                held: vault.holds(&key_id),
                docebo_events_until: events.remove(&key_id),
                key_id,
                connector_secrets,
                payloads,
            });
        Ok(KeyUsage {
            current: vault.current_key_id().to_owned(),
            keys: keys.collect(),
            unreadable,
            unreadable_secrets: secrets.unreadable,
            next_cursor: next(page.next),
        })
    }

    /// Until when events are kept that a key has sealed, for each key of which there are any.
    async fn event_keys(&self) -> Result<HashMap<String, Timestamp>, StoreError> {
        let now_ms = self.queue.now_ms().await?;
        let keys = self.queue.docebo_events_kept_until().await?;
        let kept = keys.into_iter().filter(|(_, until_ms)| *until_ms > now_ms);
        Ok(kept
            .map(|(key_id, until_ms)| (key_id, public_time::from_ms(until_ms)))
            .collect())
    }

    /// Seals again what older keys sealed, in the slice of jobs that begins at a cursor, and with the first slice the
    /// connectors' secrets.
    ///
    /// May end at any point and be begun again: each payload is replaced only if it is still the one that was opened,
    /// so that workers go on meanwhile.
    pub async fn reseal(&self, cursor: u64) -> Result<Resealed, StoreError> {
        let connectors = if cursor == 0 {
            self.registry.reseal_connectors().await?
        } else {
            ResealedConnectors::default()
        };
        let page = self.queue.scan_jobs(cursor, JOBS_PER_SLICE).await?;
        let mut unreadable = 0;
        let mut changes = Vec::new();
        for job in &page.jobs {
            match self.sealed_again(job) {
                Some(change) => changes.extend(change),
                None => unreadable += 1,
            }
        }
        let replaced = self.queue.replace_payloads(&changes).await?;
        let resealed = replaced.iter().filter(|replaced| **replaced).count();
        Ok(Resealed {
            current: self.vault().current_key_id().to_owned(),
            connectors: connectors.changed,
            unreadable_connectors: connectors.unreadable,
            resealed: u64::try_from(resealed).unwrap_or(u64::MAX),
            unreadable,
            next_cursor: next(page.next),
        })
    }

    /// The change of a payload that another key than today's has sealed; none if it does not open.
    #[expect(
        clippy::option_option,
        reason = "nothing to change and nothing to read are two things"
    )]
    fn sealed_again(&self, job: &ScannedJob) -> Option<Option<PayloadChange>> {
        let (vault, context) = (self.vault(), payload_context(job.id));
        let text = sealed(job)?;
        if vault.is_current(text) {
            return Some(None);
        }
        let plain = vault.open(&context, text).ok()?;
        Some(Some(PayloadChange {
            id: job.id,
            old: job.payload.clone(),
            new: vault.seal(&context, &plain).into_bytes(),
        }))
    }
}

fn sealed(job: &ScannedJob) -> Option<&str> {
    std::str::from_utf8(&job.payload).ok()
}

fn next(cursor: u64) -> Option<String> {
    (cursor != 0).then(|| cursor.to_string())
}
