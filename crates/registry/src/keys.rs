//! Every Redis key of the registry, spelled once.

/// The keys of one shard.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    /// Hash: connector id → JSON, secrets sealed.
    pub(crate) connectors: String,
    /// Hash: exam id → JSON.
    pub(crate) exams: String,
    /// Counter: one more with each write.
    pub(crate) version: String,
    /// Stream: who changed what, and why.
    pub(crate) audit: String,
}

impl Keys {
    pub(crate) fn new(shard_prefix: &str) -> Self {
        Self {
            connectors: format!("{shard_prefix}registry:connectors"),
            exams: format!("{shard_prefix}registry:exams"),
            version: format!("{shard_prefix}registry:version"),
            audit: format!("{shard_prefix}registry:audit"),
        }
    }
}
