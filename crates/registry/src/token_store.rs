//! API tokens that were made while the servers run: stored as hashes, revoked at once, used up to their end.
//!
//! A token in a server's configuration is revoked here too, by its id: the mark stays for as long as the configuration
//! may name the token, which nobody here can know, and so for good.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use redis::Script;
use serde::{Deserialize, Serialize};

use crate::audit::{NewAuditEntry, StoredAudit};
use crate::connectors::to_json;
use crate::error::RegistryError;
use crate::store::Registry;
use crate::token_id::TokenId;

const MAX_TOKENS: usize = 1_000;
const MAX_REVOCATIONS: usize = 10_000;
const MAX_TRIES: usize = 5;
/// How long a token that is of no more use stays on the list.
const KEPT_AFTER_ITS_END: SignedDuration = SignedDuration::from_hours(30 * 24);

static CREATE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("../lua/create_token.lua")));
static REVOKE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("../lua/revoke_token.lua")));
static USE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("../lua/use_tokens.lua")));

/// A token that is to be stored.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Who uses it; stands in the audit trail.
    pub name: String,
    /// What its bearer may do, in the server's word.
    pub role: String,
    /// SHA-256 of the token.
    pub sha256: [u8; 32],
    /// When it ends; none where it does not.
    pub expires_at: Option<Timestamp>,
}

/// Who ended a token before its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Revocation {
    /// When, as Redis has it.
    pub at: Timestamp,
    /// Who did it.
    pub by: String,
    /// Why, in their words.
    pub reason: String,
}

/// A token as stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredToken {
    /// By what it is spoken of.
    pub id: TokenId,
    /// Who uses it.
    pub name: String,
    /// What its bearer may do; a word that this version does not know lets nobody in.
    pub role: String,
    /// SHA-256 of the token.
    #[serde(with = "crate::token_id::hash_in_hex")]
    pub sha256: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// When it ends; none where it does not.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// Who ended it before its time.
    #[serde(default)]
    pub revoked: Option<Revocation>,
}

impl std::fmt::Debug for StoredToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("StoredToken")
            .field("id", &self.id)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl StoredToken {
    /// Whether nobody needs to see it any more.
    fn is_old(&self, now: Timestamp) -> bool {
        let revoked = self.revoked.as_ref().map(|revoked| revoked.at);
        let ended = [revoked, self.expires_at].into_iter().flatten().min();
        ended.is_some_and(|ended| now.duration_since(ended) > KEPT_AFTER_ITS_END)
    }
}

/// All that is stored of tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredTokens {
    /// The tokens, by their ids.
    pub tokens: BTreeMap<TokenId, StoredToken>,
    /// Which tokens of configurations are revoked.
    pub revocations: BTreeMap<TokenId, Revocation>,
    /// Entries that this version cannot read; they let nobody in.
    pub unreadable: usize,
}

impl StoredTokens {
    /// Who ended a token before its time, wherever the token is kept.
    pub fn revocation(&self, id: &TokenId) -> Option<&Revocation> {
        let stored = || self.tokens.get(id).and_then(|token| token.revoked.as_ref());
        self.revocations.get(id).or_else(stored)
    }
}

/// What a revocation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// It is revoked now.
    Now,
    /// It was revoked before; nothing has changed.
    Before,
    /// No such token is stored, and it was not said to be in a configuration.
    Unknown,
}

impl Registry {
    /// Stores a token for `actor`; its audit entry comes with it, or neither does.
    pub async fn create_token(&self, token: &NewToken, actor: &str) -> Result<StoredToken, RegistryError> {
        let created_at = self.now().await?;
        let stored = StoredToken {
            id: TokenId::of(&token.sha256),
            name: token.name.clone(),
            role: token.role.clone(),
            sha256: token.sha256,
            created_at,
            created_by: actor.to_owned(),
            expires_at: token.expires_at,
            revoked: None,
        };
        let until = token
            .expires_at
            .map_or_else(|| "without an end".to_owned(), |end| format!("until {end}"));
        let audit = StoredAudit::new(&NewAuditEntry {
            actor: actor.to_owned(),
            action: "token.created".to_owned(),
            target: audit_target(&stored.id),
            reason: None,
            detail: Some(format!("{} as {}, {until}", stored.name, stored.role)),
        });
        let json = to_json(&audit_target(&stored.id), &stored)?;
        let known = self.stored_tokens().await?;
        let mut call = CREATE.prepare_invoke();
        call.key(&self.keys.tokens)
            .key(&self.keys.tokens_used)
            .key(&self.keys.tokens_version)
            .key(&self.keys.audit)
            .arg(stored.id.as_str())
            .arg(json)
            .arg(MAX_TOKENS)
            .arg(self.audit_retention_ms())
            .arg(audit.to_json());
        for old in known.tokens.values().filter(|token| token.is_old(created_at)) {
            call.arg(old.id.as_str());
        }
        let answer: i64 = call.invoke_async(&mut self.redis.clone()).await?;
        match answer {
            1 => Ok(stored),
            0 => Err(RegistryError::Full {
                what: "tokens",
                limit: MAX_TOKENS,
            }),
            // Two random tokens never begin alike; somebody stores the same one again.
            _ => Err(RegistryError::Contended),
        }
    }

    /// Ends a token before its time, for good; `configured` says that the caller's configuration names it.
    pub async fn revoke_token(
        &self,
        id: &TokenId,
        configured: bool,
        actor: &str,
        reason: &str,
    ) -> Result<Revoked, RegistryError> {
        for _ in 0..MAX_TRIES {
            let json = self.field(&self.keys.tokens, id.as_str()).await?;
            let stored = json.as_deref().and_then(read_token);
            let marked = self.field(&self.keys.token_revocations, id.as_str()).await?.is_some();
            let open = stored.as_ref().is_some_and(|token| token.revoked.is_none());
            if json.is_some() && stored.is_none() {
                return Err(RegistryError::Unreadable {
                    target: audit_target(id),
                });
            }
            if stored.is_none() && !configured {
                return Ok(if marked { Revoked::Before } else { Revoked::Unknown });
            }
            let mark = configured && !marked;
            if !open && !mark {
                return Ok(Revoked::Before);
            }
            let seen = (json.unwrap_or_default(), stored);
            if self.try_revoke(id, seen, mark, actor, reason).await? {
                return Ok(Revoked::Now);
            }
        }
        Err(RegistryError::Contended)
    }

    async fn try_revoke(
        &self,
        id: &TokenId,
        (json, stored): (String, Option<StoredToken>),
        mark: bool,
        actor: &str,
        reason: &str,
    ) -> Result<bool, RegistryError> {
        let target = audit_target(id);
        let entry = NewAuditEntry {
            actor: actor.to_owned(),
            action: "token.revoked".to_owned(),
            target: target.clone(),
            reason: Some(reason.to_owned()),
            detail: stored.as_ref().map(|token| format!("{} as {}", token.name, token.role)),
        };
        let revocation = Revocation {
            at: self.now().await?,
            by: actor.to_owned(),
            reason: crate::email::without_emails(reason),
        };
        let marked = if mark {
            to_json(&target, &revocation)?
        } else {
            String::new()
        };
        let ended = stored.map(|token| StoredToken {
            revoked: token.revoked.or(Some(revocation)),
            ..token
        });
        let ended = ended.map(|token| to_json(&target, &token)).transpose()?;
        let answer: i64 = REVOKE
            .key(&self.keys.tokens)
            .key(&self.keys.token_revocations)
            .key(&self.keys.tokens_version)
            .key(&self.keys.audit)
            .arg(id.as_str())
            .arg(json)
            .arg(ended.unwrap_or_default())
            .arg(marked)
            .arg(MAX_REVOCATIONS)
            .arg(self.audit_retention_ms())
            .arg(StoredAudit::new(&entry).to_json())
            .invoke_async(&mut self.redis.clone())
            .await?;
        match answer {
            1 => Ok(true),
            0 => Err(RegistryError::Full {
                what: "revocations of configured tokens",
                limit: MAX_REVOCATIONS,
            }),
            _ => Ok(false),
        }
    }

    /// All tokens and revocations, as they stand now.
    pub async fn stored_tokens(&self) -> Result<StoredTokens, RegistryError> {
        Ok(self.versioned_tokens().await?.1)
    }

    /// The same with the number that grows with each change; both as of one moment.
    pub(crate) async fn versioned_tokens(&self) -> Result<(u64, StoredTokens), RegistryError> {
        let (version, tokens, revocations): (Option<u64>, Vec<String>, BTreeMap<String, String>) = redis::pipe()
            .atomic()
            .cmd("GET")
            .arg(&self.keys.tokens_version)
            .cmd("HVALS")
            .arg(&self.keys.tokens)
            .cmd("HGETALL")
            .arg(&self.keys.token_revocations)
            .query_async(&mut self.redis.clone())
            .await?;
        let mut read = StoredTokens::default();
        for json in &tokens {
            match read_token(json) {
                Some(token) => {
                    read.tokens.insert(token.id.clone(), token);
                }
                None => read.unreadable += 1,
            }
        }
        for (id, json) in &revocations {
            let Ok(id) = id.parse::<TokenId>() else {
                read.unreadable += 1;
                continue;
            };
            // A mark that cannot be read is a mark all the same.
            let unread = || Revocation {
                at: Timestamp::UNIX_EPOCH,
                by: String::new(),
                reason: String::new(),
            };
            read.revocations
                .insert(id, serde_json::from_str(json).unwrap_or_else(|_| unread()));
        }
        Ok((version.unwrap_or(0), read))
    }

    /// The number that grows with each change of the tokens.
    pub(crate) async fn tokens_version(&self) -> Result<u64, RegistryError> {
        let version: Option<u64> = redis::cmd("GET")
            .arg(&self.keys.tokens_version)
            .query_async(&mut self.redis.clone())
            .await?;
        Ok(version.unwrap_or(0))
    }

    /// Notes that tokens were used just now.
    pub async fn note_tokens_used(&self, ids: &[TokenId]) -> Result<(), RegistryError> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut call = USE.prepare_invoke();
        call.key(&self.keys.tokens_used);
        for id in ids {
            call.arg(id.as_str());
        }
        let _: i64 = call.invoke_async(&mut self.redis.clone()).await?;
        Ok(())
    }

    /// When each token was last used, to the minute.
    pub async fn tokens_last_used(&self) -> Result<BTreeMap<TokenId, Timestamp>, RegistryError> {
        let used: BTreeMap<String, String> = redis::cmd("HGETALL")
            .arg(&self.keys.tokens_used)
            .query_async(&mut self.redis.clone())
            .await?;
        let read = |(id, at): (String, String)| {
            let at = at.parse().ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
            Some((id.parse().ok()?, at?))
        };
        Ok(used.into_iter().filter_map(read).collect())
    }
}

fn audit_target(id: &TokenId) -> String {
    format!("token {id}")
}

/// A stored token; none where it was written by something else, or does not have the id of its hash.
fn read_token(json: &str) -> Option<StoredToken> {
    let token: StoredToken = serde_json::from_str(json).ok()?;
    (TokenId::of(&token.sha256) == token.id).then_some(token)
}
