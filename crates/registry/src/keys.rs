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
    /// Hash: id of an API token → JSON, the token's hash in it.
    pub(crate) tokens: String,
    /// Hash: id of a revoked API token that a configuration knows → JSON; stays, for the configuration may stay, too.
    pub(crate) token_revocations: String,
    /// Hash: id of an API token → when it was last used, in ms since 1970.
    pub(crate) tokens_used: String,
    /// Counter: one more with each change of the API tokens.
    pub(crate) tokens_version: String,
    token: String,
    token_turn: String,
    user: String,
    persons_of: String,
    numbers_of: String,
}

impl Keys {
    pub(crate) fn new(shard_prefix: &str) -> Self {
        Self {
            connectors: format!("{shard_prefix}registry:connectors"),
            exams: format!("{shard_prefix}registry:exams"),
            version: format!("{shard_prefix}registry:version"),
            audit: format!("{shard_prefix}registry:audit"),
            tokens: format!("{shard_prefix}registry:api-tokens"),
            token_revocations: format!("{shard_prefix}registry:api-token-revocations"),
            tokens_used: format!("{shard_prefix}registry:api-tokens-used"),
            tokens_version: format!("{shard_prefix}registry:api-tokens-version"),
            token: format!("{shard_prefix}registry:token:"),
            token_turn: format!("{shard_prefix}registry:token-turn:"),
            user: format!("{shard_prefix}registry:user:"),
            persons_of: format!("{shard_prefix}registry:persons-of:"),
            numbers_of: format!("{shard_prefix}registry:numbers-of:"),
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

    /// List: hashes of the e-mail addresses that one platform's number was found by, newest first; goes after a month.
    pub(crate) fn persons_of(&self, connector: &str, domain: &str, user_id: u64) -> String {
        format!("{}{connector}:{domain}:{user_id}", self.persons_of)
    }

    /// List: numbers that one platform gave the person behind the hash of an e-mail address; goes after a month.
    pub(crate) fn numbers_of(&self, connector: &str, domain: &str, email_hash: &str) -> String {
        format!("{}{connector}:{domain}:{email_hash}", self.numbers_of)
    }
}
