//! The one place that turns a connector into a Docebo client.

use std::time::Duration;

use passback_docebo::{BuildError, Client, ClientConfig, Credentials};
use passback_registry::Connector;

/// Makes a client of a connector's platform; calls nothing yet.
pub fn docebo_client(connector: &Connector) -> Result<Client, BuildError> {
    let credentials = Credentials {
        client_id: connector.client_id.clone(),
        client_secret: connector.client_secret.clone(),
        username: connector.username.clone(),
        password: connector.password.clone(),
    };
    Client::new(ClientConfig {
        connect_timeout: Duration::from_millis(connector.connect_timeout_ms.into()),
        request_timeout: Duration::from_millis(connector.request_timeout_ms.into()),
        ..ClientConfig::new(connector.domain.base_url(), credentials)
    })
}
