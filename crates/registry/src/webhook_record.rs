//! How the webhook access lies in Redis: each of its secrets sealed for its own place.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::webhook_access::{WebhookAccess, WebhookHeader, WebhookLogin};

/// Where the first password is sealed for; the name is older than the others.
const FIRST_PASSWORD: &str = "webhook_password";
/// Where the further passwords are sealed for, in their order.
const ALSO_PASSWORDS: [&str; crate::webhook_input::MAX_ALSO_LOGINS] = [
    "webhook_also_0_password",
    "webhook_also_1_password",
    "webhook_also_2_password",
    "webhook_also_3_password",
];
const HEADER_VALUE: &str = "webhook_header_value";

/// The webhook access as stored.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct WebhookRecord {
    pub(crate) username: String,
    pub(crate) password: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) also: Vec<LoginRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) header: Option<HeaderRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) sources: Vec<IpNet>,
}

/// One more login as stored.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct LoginRecord {
    pub(crate) username: String,
    pub(crate) password: String,
}

/// The header as stored.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct HeaderRecord {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl WebhookRecord {
    /// Seals each secret for its place.
    pub(crate) fn seal(access: &WebhookAccess, seal: impl Fn(&'static str, &secrecy::SecretString) -> String) -> Self {
        // No more than the places there are: the input takes no more.
        let also = access.also.iter().zip(ALSO_PASSWORDS);
        Self {
            username: access.username.clone(),
            password: seal(FIRST_PASSWORD, &access.password),
            also: also
                .map(|(login, place)| LoginRecord {
                    username: login.username.clone(),
                    password: seal(place, &login.password),
                })
                .collect(),
            header: access.header.as_ref().map(|header| HeaderRecord {
                name: header.name.clone(),
                value: seal(HEADER_VALUE, &header.value),
            }),
            sources: access.sources.clone(),
        }
    }

    /// Opens each secret.
    pub(crate) fn open<E>(
        &self,
        open: impl Fn(&'static str, &str) -> Result<secrecy::SecretString, E>,
    ) -> Result<WebhookAccess, E> {
        let also = self.also.iter().zip(ALSO_PASSWORDS).map(|(login, place)| {
            Ok(WebhookLogin {
                username: login.username.clone(),
                password: open(place, &login.password)?,
            })
        });
        let header = self.header.as_ref().map(|header| {
            Ok(WebhookHeader {
                name: header.name.clone(),
                value: open(HEADER_VALUE, &header.value)?,
            })
        });
        Ok(WebhookAccess {
            username: self.username.clone(),
            password: open(FIRST_PASSWORD, &self.password)?,
            also: also.collect::<Result<_, E>>()?,
            header: header.transpose()?,
            sources: self.sources.clone(),
        })
    }

    /// The same with each secret sealed anew.
    pub(crate) fn resealed<E>(&self, again: impl Fn(&'static str, &str) -> Result<String, E>) -> Result<Self, E> {
        let mut record = self.clone();
        for (place, sealed) in record.sealed_mut() {
            *sealed = again(place, sealed)?;
        }
        Ok(record)
    }

    /// The sealed secrets with the places they are sealed for, in an order that stays.
    pub(crate) fn sealed(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let also = self.also.iter().zip(ALSO_PASSWORDS);
        let also = also.map(|(login, place)| (place, login.password.as_str()));
        let header = self.header.iter().map(|header| (HEADER_VALUE, header.value.as_str()));
        std::iter::once((FIRST_PASSWORD, self.password.as_str()))
            .chain(also)
            .chain(header)
    }

    fn sealed_mut(&mut self) -> impl Iterator<Item = (&'static str, &mut String)> {
        let also = self.also.iter_mut().zip(ALSO_PASSWORDS);
        let also = also.map(|(login, place)| (place, &mut login.password));
        let header = self.header.iter_mut().map(|header| (HEADER_VALUE, &mut header.value));
        std::iter::once((FIRST_PASSWORD, &mut self.password))
            .chain(also)
            .chain(header)
    }

    /// A further login and the place its password is sealed for.
    pub(crate) fn also(&self, index: usize) -> Option<(&LoginRecord, &'static str)> {
        Some((self.also.get(index)?, *ALSO_PASSWORDS.get(index)?))
    }

    pub(crate) fn first_place() -> &'static str {
        FIRST_PASSWORD
    }

    pub(crate) fn header_place() -> &'static str {
        HEADER_VALUE
    }
}
