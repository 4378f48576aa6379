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
    token: String,
    token_turn: String,
    user: String,
}

impl Keys {
    pub(crate) fn new(shard_prefix: &str) -> Self {
        Self {
            connectors: format!("{shard_prefix}registry:connectors"),
            exams: format!("{shard_prefix}registry:exams"),
            version: format!("{shard_prefix}registry:version"),
            audit: format!("{shard_prefix}registry:audit"),
            token: format!("{shard_prefix}registry:token:"),
            token_turn: format!("{shard_prefix}registry:token-turn:"),
            user: format!("{shard_prefix}registry:user:"),
        }
    }

    /// String: the access token that the workers share, sealed; goes with its life.
    pub(crate) fn token(&self, connector: &str) -> String {
        format!("{}{connector}", self.token)
    }

    /// String: the ticket of the worker whose turn it is to ask for a token; goes after seconds.
    pub(crate) fn token_turn(&self, connector: &str) -> String {
        format!("{}{connector}", self.token_turn)
    }

    /// String: the number that one platform gave the person behind the hash of an e-mail address; goes after an hour.
    pub(crate) fn user(&self, connector: &str, domain: &str, email_hash: &str) -> String {
        format!("{}{connector}:{domain}:{email_hash}", self.user)
    }
}
