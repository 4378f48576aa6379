//! Which number Docebo gave a person: learned from a search, so that the next job need not search again.
//!
//! A number counts for the platform that gave it, and for no other: the connector's domain is part of the key.

use crate::error::RegistryError;
use crate::id::ConnectorId;
use crate::store::Registry;

/// How long a number is believed without a new search: people change their addresses.
const LIFE_SECONDS: u64 = 3_600;

impl Registry {
    /// The number of the person behind the hash of an e-mail address, if it was learned within the last hour.
    pub async fn learned_user(&self, connector: &ConnectorId, email_hash: &str) -> Result<Option<u64>, RegistryError> {
        let Some(key) = self.user_key(connector, email_hash).await? else {
            return Ok(None);
        };
        let value: Option<Vec<u8>> = redis::cmd("GET").arg(key).query_async(&mut self.redis.clone()).await?;
        // What cannot be read is only a saving lost: the caller searches.
        let text = value.and_then(|value| String::from_utf8(value).ok());
        Ok(text.and_then(|text| text.parse().ok()))
    }

    /// Keeps the number that a search found, for an hour.
    pub async fn learn_user(
        &self,
        connector: &ConnectorId,
        email_hash: &str,
        user_id: u64,
    ) -> Result<(), RegistryError> {
        let Some(key) = self.user_key(connector, email_hash).await? else {
            return Ok(());
        };
        let () = redis::cmd("SET")
            .arg(key)
            .arg(user_id)
            .arg("EX")
            .arg(LIFE_SECONDS)
            .query_async(&mut self.redis.clone())
            .await?;
        Ok(())
    }

    /// Forgets a number that turned out to be wrong.
    pub async fn forget_user(&self, connector: &ConnectorId, email_hash: &str) -> Result<(), RegistryError> {
        let Some(key) = self.user_key(connector, email_hash).await? else {
            return Ok(());
        };
        let () = redis::cmd("DEL").arg(key).query_async(&mut self.redis.clone()).await?;
        Ok(())
    }

    /// None where there is no such connector, and so no platform.
    async fn user_key(&self, connector: &ConnectorId, email_hash: &str) -> Result<Option<String>, RegistryError> {
        let platform = self.connector_cached(connector).await?;
        Ok(platform.map(|platform| {
            let domain = platform.domain.to_string();
            self.keys.user(connector.as_str(), &domain, email_hash)
        }))
    }
}
