//! One access token per connector for all workers: sealed in Redis, renewed by whoever has the turn.
//!
//! What is found in Redis is only ever a saving: where it cannot be read, or was granted to other credentials, there is
//! no token, and the caller asks Docebo for one.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::LazyLock;
use std::time::Duration;

use redis::Script;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::connector::Connector;
use crate::error::RegistryError;
use crate::id::ConnectorId;
use crate::record::context;
use crate::store::{RedisTime, Registry, milliseconds};
use crate::vault::{Vault, VaultError, random};

/// The place for which a token is sealed, beside its connector's id.
const TOKEN: &str = "token";
const CREDENTIALS_LABEL: &str = "passback connector credentials v1";
/// Longer than a token request may reasonably take, short enough to wait out when its sender has died.
const TURN_MS: u64 = 45_000;
/// A longer life is taken as this; it only has to fit a clock.
const MAX_LIFE_MS: i64 = 30 * 24 * 3_600 * 1_000;
const ID_BYTES: usize = 16;
/// Of the length that stands before each part of the credentials, with its separators.
const MAX_LENGTH_CHARS: usize = 22;

static PUT_IN_TURN: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("../lua/put_in_turn.lua")));
static RELEASE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("../lua/release.lua")));

/// An access token as workers share it.
#[derive(Debug, Clone)]
pub struct SharedToken {
    /// The token itself.
    pub secret: SecretString,
    /// Tells this token from the one before and the one after; random, and no part of the secret.
    pub id: String,
    /// How much longer it may be used, counted from the call that brought or takes it.
    pub expires_in: Duration,
}

impl SharedToken {
    /// A token that was just granted, under a new id.
    pub fn new(secret: SecretString, expires_in: Duration) -> Self {
        Self {
            secret,
            id: random_id(),
            expires_in,
        }
    }
}

/// What lies sealed in Redis.
#[derive(Serialize, Deserialize)]
struct StoredToken<'a> {
    #[serde(borrow)]
    token: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
    /// By the clock of Redis, in milliseconds since 1970.
    usable_until_ms: i64,
    /// Of the credentials that the token was granted to.
    #[serde(borrow)]
    fingerprint: Cow<'a, str>,
}

/// Why a stored token cannot be read; it never repeats what is stored.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error("it is not text")]
    NotText,
    #[error(transparent)]
    Sealed(#[from] VaultError),
    #[error("it holds something else than a token")]
    Shape,
}

impl StoredToken<'_> {
    fn seal(&self, connector: &ConnectorId, vault: &Vault) -> Result<String, RegistryError> {
        let json = serde_json::to_vec(self).map_err(|_| RegistryError::Unreadable {
            target: format!("access token of connector {connector}"),
        })?;
        Ok(vault.seal(&context(connector, TOKEN), &Zeroizing::new(json)))
    }

    /// Opens a value and hands what it holds to `read`, before its plain text is wiped.
    fn open<T>(
        connector: &ConnectorId,
        vault: &Vault,
        value: &[u8],
        read: impl FnOnce(&StoredToken<'_>) -> T,
    ) -> Result<T, Unreadable> {
        let sealed = std::str::from_utf8(value).map_err(|_| Unreadable::NotText)?;
        let plain = vault.open(&context(connector, TOKEN), sealed)?;
        let stored: StoredToken<'_> = serde_json::from_slice(&plain).map_err(|_| Unreadable::Shape)?;
        Ok(read(&stored))
    }

    /// The token, if it was granted to these credentials and its time has not run out.
    fn usable(&self, credentials: &str, now_ms: i64) -> Option<SharedToken> {
        let left_ms = u64::try_from(self.usable_until_ms.checked_sub(now_ms)?).ok()?;
        (self.fingerprint == credentials && left_ms > 0).then(|| SharedToken {
            secret: SecretString::from(&*self.token),
            id: self.id.to_string(),
            expires_in: Duration::from_millis(left_ms),
        })
    }
}

impl Registry {
    /// A keyed hash of everything that decides whom Docebo grants a token to; the same for as long as none of it changes.
    ///
    /// It tells nothing to one who lacks the master key, so that a weak password cannot be guessed from it.
    pub fn credentials_fingerprint(&self, connector: &Connector) -> String {
        let domain = connector.domain.to_string();
        let parts = [
            domain.as_str(),
            &connector.client_id,
            connector.client_secret.expose_secret(),
            &connector.username,
            connector.password.expose_secret(),
        ];
        // Room for all of it, so that no copy of the secrets stays behind when the text grows.
        let bytes: usize = parts.iter().map(|part| part.len() + MAX_LENGTH_CHARS).sum();
        let mut text = Zeroizing::new(String::with_capacity(CREDENTIALS_LABEL.len() + bytes));
        text.push_str(CREDENTIALS_LABEL);
        for part in parts {
            // With its length before it, no part can pass for the end of the one before.
            let _ = write!(text, "\n{}:{part}", part.len());
        }
        self.vault.keyed_hash(&text)
    }

    /// The token that the workers share, if there is one for these credentials (their fingerprint).
    ///
    /// A value that cannot be read counts as none; a warning says why.
    pub async fn shared_token(
        &self,
        connector: &ConnectorId,
        credentials: &str,
    ) -> Result<Option<SharedToken>, RegistryError> {
        // The time is asked for after the token, so that the token's rest is never overstated.
        let (value, now): (Option<Vec<u8>>, RedisTime) = redis::pipe()
            .cmd("GET")
            .arg(self.keys.token(connector.as_str()))
            .cmd("TIME")
            .query_async(&mut self.redis.clone())
            .await?;
        let Some(value) = value else {
            return Ok(None);
        };
        let usable = StoredToken::open(connector, &self.vault, &value, |stored| {
            stored.usable(credentials, milliseconds(now))
        });
        Ok(usable.unwrap_or_else(|reason| {
            warn_unreadable(connector, &reason);
            None
        }))
    }

    /// Shares a token that was granted to these credentials (their fingerprint), in place of the one before.
    ///
    /// A token without any life left is not stored.
    pub async fn put_shared_token(
        &self,
        connector: &ConnectorId,
        credentials: &str,
        token: &SharedToken,
    ) -> Result<(), RegistryError> {
        let Some((sealed, life_ms)) = self.seal_token(connector, credentials, token).await? else {
            return Ok(());
        };
        let () = redis::cmd("SET")
            .arg(self.keys.token(connector.as_str()))
            .arg(sealed)
            .arg("PX")
            .arg(life_ms)
            .query_async(&mut self.redis.clone())
            .await?;
        Ok(())
    }

    /// As [`Self::put_shared_token`], but only while the turn is still ours; whether the token was stored.
    ///
    /// So a worker that was slow neither replaces a newer token nor leaves one behind for a removed connector.
    pub async fn put_shared_token_in_turn(
        &self,
        connector: &ConnectorId,
        credentials: &str,
        ticket: &str,
        token: &SharedToken,
    ) -> Result<bool, RegistryError> {
        let Some((sealed, life_ms)) = self.seal_token(connector, credentials, token).await? else {
            return Ok(false);
        };
        let stored = PUT_IN_TURN
            .key(self.keys.token_turn(connector.as_str()))
            .key(self.keys.token(connector.as_str()))
            .arg(ticket)
            .arg(sealed)
            .arg(life_ms)
            .invoke_async(&mut self.redis.clone())
            .await?;
        Ok(stored)
    }

    /// The sealed text of a token and its life in milliseconds; none where no life is left.
    async fn seal_token(
        &self,
        connector: &ConnectorId,
        credentials: &str,
        token: &SharedToken,
    ) -> Result<Option<(String, i64)>, RegistryError> {
        let life_ms = i64::try_from(token.expires_in.as_millis()).map_or(MAX_LIFE_MS, |ms| ms.min(MAX_LIFE_MS));
        if life_ms == 0 {
            return Ok(None);
        }
        let stored = StoredToken {
            token: token.secret.expose_secret().into(),
            id: token.id.as_str().into(),
            usable_until_ms: self.now().await?.as_millisecond().saturating_add(life_ms),
            fingerprint: credentials.into(),
        };
        Ok(Some((stored.seal(connector, &self.vault)?, life_ms)))
    }

    /// Removes the shared token that Docebo no longer takes, unless another one has taken its place; whether it did.
    pub async fn drop_shared_token(&self, connector: &ConnectorId, id: &str) -> Result<bool, RegistryError> {
        let key = self.keys.token(connector.as_str());
        let value: Option<Vec<u8>> = redis::cmd("GET").arg(&key).query_async(&mut self.redis.clone()).await?;
        let Some(value) = value else {
            return Ok(false);
        };
        match StoredToken::open(connector, &self.vault, &value, |stored| stored.id == id) {
            // The same token never seals to the same text, so the text stands for the id.
            Ok(true) => self.release(&key, &value).await,
            Ok(false) => Ok(false),
            Err(reason) => {
                warn_unreadable(connector, &reason);
                Ok(false)
            }
        }
    }

    /// Takes the turn to ask Docebo for a token, and says under which ticket; none while somebody else has it.
    ///
    /// A turn that is not given up ends by itself after 45 seconds.
    pub async fn take_token_turn(&self, connector: &ConnectorId) -> Result<Option<String>, RegistryError> {
        let ticket = random_id();
        let taken: Option<String> = redis::cmd("SET")
            .arg(self.keys.token_turn(connector.as_str()))
            .arg(&ticket)
            .arg("NX")
            .arg("PX")
            .arg(TURN_MS)
            .query_async(&mut self.redis.clone())
            .await?;
        Ok(taken.map(|_| ticket))
    }

    /// Gives up a turn, unless it has ended and is somebody else's by now; whether it was still ours.
    pub async fn give_up_token_turn(&self, connector: &ConnectorId, ticket: &str) -> Result<bool, RegistryError> {
        self.release(&self.keys.token_turn(connector.as_str()), ticket.as_bytes())
            .await
    }

    async fn release(&self, key: &str, value: &[u8]) -> Result<bool, RegistryError> {
        let deleted = RELEASE
            .key(key)
            .arg(value)
            .invoke_async(&mut self.redis.clone())
            .await?;
        Ok(deleted)
    }
}

fn warn_unreadable(connector: &ConnectorId, reason: &Unreadable) {
    tracing::warn!(%connector, %reason, "the shared access token cannot be read, and counts as missing");
}

fn random_id() -> String {
    hex::encode(random::<ID_BYTES>())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn stored() -> StoredToken<'static> {
        StoredToken {
            token: "opensesame".into(),
            id: "first".into(),
            usable_until_ms: 5_000,
            fingerprint: "ours".into(),
        }
    }

    #[rstest]
    #[case("ours", 4_000, Some(1_000))]
    #[case("ours", 4_999, Some(1))]
    #[case("ours", 5_000, None)]
    #[case("ours", i64::MAX, None)]
    #[case("ours", i64::MIN, None)]
    #[case("theirs", 4_000, None)]
    fn a_token_is_usable_until_its_time_for_those_it_was_granted_to(
        #[case] credentials: &str,
        #[case] now_ms: i64,
        #[case] left_ms: Option<u64>,
    ) {
        let usable = stored().usable(credentials, now_ms);
        assert_eq!(usable.map(|token| token.expires_in), left_ms.map(Duration::from_millis));
    }

    #[test]
    fn a_sealed_token_opens_for_its_own_connector_only() {
        let (vault, _) = Vault::generate();
        let [acme, twin] = ["acme", "twin"].map(|id| id.parse::<ConnectorId>().unwrap());
        let sealed = stored().seal(&acme, &vault).unwrap();
        let open = |id| StoredToken::open(id, &vault, sealed.as_bytes(), |stored| stored.token.to_string());
        assert_eq!(open(&acme).unwrap(), "opensesame");
        assert!(matches!(open(&twin), Err(Unreadable::Sealed(VaultError::Refused))));
    }

    #[test]
    fn debug_output_hides_the_token() {
        let token = SharedToken::new(SecretString::from("opensesame"), Duration::from_secs(1));
        assert!(!format!("{token:?}").contains("opensesame"));
    }
}
