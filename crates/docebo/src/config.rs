//! What a client needs to know about one Docebo platform.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use secrecy::SecretString;

use crate::token_shelf::TokenShelf;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The OAuth client and the user that passback acts as.
#[derive(Clone)]
pub struct Credentials {
    /// The OAuth client's id.
    pub client_id: String,
    /// The OAuth client's secret.
    pub client_secret: SecretString,
    /// The user's name at Docebo, often an e-mail address.
    pub username: String,
    /// The user's password.
    pub password: SecretString,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// One Docebo platform and how to reach it.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// Where the platform is: `https://acme.docebosaas.com`.
    pub base_url: String,
    /// Who passback is there.
    pub credentials: Credentials,
    /// How long a connection may take to stand, its TLS handshake included.
    pub connect_timeout: Duration,
    /// How long a call may take from its start to its answer's last byte.
    pub request_timeout: Duration,
    /// Where the token is shared with other processes; without one, every process asks for its own.
    pub shelf: Option<Arc<dyn TokenShelf>>,
}

impl ClientConfig {
    /// A configuration with the usual time-outs, 5 s to connect and 30 s for a whole call, and without a shelf.
    pub fn new(base_url: impl Into<String>, credentials: Credentials) -> Self {
        Self {
            base_url: base_url.into(),
            credentials,
            connect_timeout: CONNECT_TIMEOUT,
            request_timeout: REQUEST_TIMEOUT,
            shelf: None,
        }
    }
}

/// A client could not be made from its configuration.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The base URL cannot be used.
    #[error("the Docebo address cannot be used: {detail}")]
    BaseUrlInvalid {
        /// What is wrong with it.
        detail: String,
    },
    /// The HTTP client could not be set up, most often because the system has no root certificates.
    #[error("the HTTP client could not be set up: {detail}")]
    HttpSetup {
        /// What the HTTP library said.
        detail: String,
    },
}

/// Parses the base URL; the result has no query and no password in it.
pub(crate) fn parse_base_url(text: &str) -> Result<Url, BuildError> {
    let invalid = |detail: &str| BuildError::BaseUrlInvalid {
        detail: detail.to_owned(),
    };
    let url = Url::parse(text.trim()).map_err(|error| invalid(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("it does not begin with https:// or http://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("it holds a user name or a password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("it holds a query or a fragment"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{ClientConfig, Credentials, parse_base_url};

    #[rstest]
    #[case("acme.docebosaas.com")]
    #[case("ftp://acme.docebosaas.com")]
    #[case("https://user:secret@acme.docebosaas.com")]
    #[case("https://acme.docebosaas.com/?page=1")]
    #[case("https://")]
    #[case("")]
    fn an_unusable_base_url_is_refused(#[case] text: &str) {
        let error = parse_base_url(text).unwrap_err().to_string();
        assert!(error.starts_with("the Docebo address cannot be used"));
        assert!(!error.contains("secret"), "{error}");
    }

    #[test]
    fn debug_output_shows_neither_secret_nor_user_name() {
        let config = ClientConfig::new(
            "https://acme.docebosaas.com",
            Credentials {
                client_id: "passback".into(),
                client_secret: "s3cret-client".into(),
                username: "integration@example.org".into(),
                password: "s3cret-password".into(),
            },
        );
        let shown = format!("{config:?}");
        assert!(shown.contains("passback"));
        assert!(!shown.contains("s3cret"), "{shown}");
        assert!(!shown.contains("integration@"), "{shown}");
    }
}
