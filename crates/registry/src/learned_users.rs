//! Which number Docebo gave a person: learned from a search, so that the next job need not search again.
//!
//! A number counts for the platform that gave it, and for no other: the connector's domain is part of the key.
//!
//! Both ways are kept longer than a number is believed: Docebo's events know numbers only, and whom they are about is
//! found by what was learned. That is good for finding who waits, never for writing.

use crate::error::RegistryError;
use crate::id::ConnectorId;
use crate::store::Registry;

/// How long a number is believed without a new search: people change their addresses.
const LIFE_SECONDS: u64 = 3_600;
/// How long it is remembered who had a number, and which numbers somebody had.
const REMEMBERED_SECONDS: u64 = 30 * 86_400;
/// The most addresses of a number, and numbers of an address; the oldest go.
const MAX_REMEMBERED: isize = 16;

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
        let Some(domain) = self.domain_of(connector).await? else {
            return Ok(());
        };
        let connector = connector.as_str();
        let mut pipe = redis::pipe();
        pipe.atomic();
        pipe.cmd("SET")
            .arg(self.keys.user(connector, &domain, email_hash))
            .arg(user_id)
            .arg("EX")
            .arg(LIFE_SECONDS)
            .ignore();
        self.remember(&mut pipe, (connector, &domain), email_hash, user_id);
        let () = pipe.query_async(&mut self.redis.clone()).await?;
        Ok(())
    }

    /// Remembers which numbers an address has led to, and believes none of them: several users may have it, or it was told
    /// of them long ago. What is told of one of them is found to be about the address from then on.
    pub async fn remember_numbers(
        &self,
        connector: &ConnectorId,
        email_hash: &str,
        numbers: &[u64],
    ) -> Result<(), RegistryError> {
        let domain = self.domain_of(connector).await?;
        let Some(domain) = domain.filter(|_| !numbers.is_empty()) else {
            return Ok(());
        };
        let mut pipe = redis::pipe();
        pipe.atomic();
        for number in numbers.iter().take(MAX_REMEMBERED.unsigned_abs()) {
            self.remember(&mut pipe, (connector.as_str(), &domain), email_hash, *number);
        }
        let () = pipe.query_async(&mut self.redis.clone()).await?;
        Ok(())
    }

    fn remember(&self, pipe: &mut redis::Pipeline, (connector, domain): (&str, &str), email_hash: &str, user_id: u64) {
        let number = user_id.to_string();
        for (key, member) in [
            (self.keys.persons_of(connector, domain, user_id), email_hash),
            (self.keys.numbers_of(connector, domain, email_hash), number.as_str()),
        ] {
            pipe.cmd("LREM").arg(&key).arg(0).arg(member).ignore();
            pipe.cmd("LPUSH").arg(&key).arg(member).ignore();
            pipe.cmd("LTRIM").arg(&key).arg(0).arg(MAX_REMEMBERED - 1).ignore();
            pipe.cmd("EXPIRE").arg(&key).arg(REMEMBERED_SECONDS).ignore();
        }
    }

    /// The hashes of the addresses that led to a number within the last month.
    pub async fn persons_of_number(&self, connector: &ConnectorId, user_id: u64) -> Result<Vec<String>, RegistryError> {
        let Some(domain) = self.domain_of(connector).await? else {
            return Ok(Vec::new());
        };
        self.remembered(&self.keys.persons_of(connector.as_str(), &domain, user_id))
            .await
    }

    /// The numbers that the hash of an address led to within the last month.
    pub async fn numbers_of_person(
        &self,
        connector: &ConnectorId,
        email_hash: &str,
    ) -> Result<Vec<u64>, RegistryError> {
        let Some(domain) = self.domain_of(connector).await? else {
            return Ok(Vec::new());
        };
        let numbers = self
            .remembered(&self.keys.numbers_of(connector.as_str(), &domain, email_hash))
            .await?;
        Ok(numbers.iter().filter_map(|number| number.parse().ok()).collect())
    }

    async fn remembered(&self, key: &str) -> Result<Vec<String>, RegistryError> {
        let mut range = redis::cmd("LRANGE");
        range.arg(key).arg(0).arg(MAX_REMEMBERED);
        Ok(range.query_async(&mut self.redis.clone()).await?)
    }

    /// Forgets an address and all the numbers that it led to.
    pub async fn forget_person(&self, connector: &ConnectorId, email_hash: &str) -> Result<(), RegistryError> {
        let Some(domain) = self.domain_of(connector).await? else {
            return Ok(());
        };
        let numbers = self.numbers_of_person(connector, email_hash).await?;
        let connector = connector.as_str();
        let mut pipe = redis::pipe();
        pipe.atomic();
        for number in numbers {
            let key = self.keys.persons_of(connector, &domain, number);
            pipe.cmd("LREM").arg(key).arg(0).arg(email_hash).ignore();
        }
        pipe.cmd("DEL")
            .arg(self.keys.numbers_of(connector, &domain, email_hash))
            .arg(self.keys.user(connector, &domain, email_hash))
            .ignore();
        let () = pipe.query_async(&mut self.redis.clone()).await?;
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
        let domain = self.domain_of(connector).await?;
        Ok(domain.map(|domain| self.keys.user(connector.as_str(), &domain, email_hash)))
    }

    async fn domain_of(&self, connector: &ConnectorId) -> Result<Option<String>, RegistryError> {
        let platform = self.connector_cached(connector).await?;
        Ok(platform.map(|platform| platform.domain.to_string()))
    }
}
