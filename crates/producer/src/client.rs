//! The one place that turns a connector into a Docebo client.

use std::sync::Arc;
use std::time::Duration;

use passback_docebo::{BuildError, Client, ClientConfig, Credentials, TokenShelf};
use passback_registry::Connector;

use crate::Producer;
use crate::token_shelf::SharedShelf;

/// Makes a client of a connector's platform, with a token of its own; calls nothing yet.
pub fn docebo_client(connector: &Connector) -> Result<Client, BuildError> {
    client(connector, None)
}

impl Producer {
    /// Makes a client of a stored connector that shares its token with all processes; calls nothing yet.
    pub fn docebo_client(&self, connector: &Connector) -> Result<Client, BuildError> {
        client(connector, Some(Arc::new(SharedShelf::new(&self.registry, connector))))
    }
}

fn client(connector: &Connector, shelf: Option<Arc<dyn TokenShelf>>) -> Result<Client, BuildError> {
    let credentials = Credentials {
        client_id: connector.client_id.clone(),
        client_secret: connector.client_secret.clone(),
        username: connector.username.clone(),
        password: connector.password.clone(),
    };
    Client::new(ClientConfig {
        connect_timeout: Duration::from_millis(connector.connect_timeout_ms.into()),
        request_timeout: Duration::from_millis(connector.request_timeout_ms.into()),
        shelf,
        ..ClientConfig::new(connector.domain.base_url(), credentials)
    })
}
