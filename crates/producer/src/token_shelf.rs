//! The registry as the shelf on which processes share a connector's token.

use std::time::Duration;

use futures::{FutureExt, future::BoxFuture};
use passback_docebo::{ShelvedToken, TokenShelf, Turn, TurnTicket};
use passback_registry::{Connector, ConnectorId, Registry, RegistryError, SharedToken};
use tokio::time::timeout;

/// A store that takes longer is no help any more: a request for a token takes less.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);

/// The shared token of one connector, as it was granted to the credentials of the moment.
#[derive(Debug)]
pub(crate) struct SharedShelf {
    registry: Registry,
    connector: ConnectorId,
    /// A token that was granted to other credentials is none.
    credentials: String,
}

impl SharedShelf {
    pub(crate) fn new(registry: &Registry, connector: &Connector) -> Self {
        Self {
            registry: registry.clone(),
            connector: connector.id.clone(),
            credentials: registry.credentials_fingerprint(connector),
        }
    }

    /// What the store answered in time; its troubles are no news to whoever asks, for they only cost a token.
    async fn asked<T>(&self, doing: &str, asking: impl Future<Output = Result<T, RegistryError>>) -> Option<T> {
        match timeout(STORE_TIMEOUT, asking).await {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(error)) => {
                tracing::debug!(connector = %self.connector, doing, %error, "the shared token is out of reach");
                None
            }
            Err(_elapsed) => {
                tracing::debug!(connector = %self.connector, doing, "the shared token takes too long");
                None
            }
        }
    }
}

impl TokenShelf for SharedShelf {
    fn read(&self) -> BoxFuture<'_, Option<ShelvedToken>> {
        async move {
            let token = self.registry.shared_token(&self.connector, &self.credentials);
            let SharedToken { secret, id, expires_in } = self.asked("reading it", token).await??;
            Some(ShelvedToken {
                secret,
                id,
                keep_for: expires_in,
            })
        }
        .boxed()
    }

    fn take_turn(&self) -> BoxFuture<'_, Turn> {
        async move {
            let turn = self.registry.take_token_turn(&self.connector);
            match self.asked("taking a turn", turn).await {
                Some(Some(ticket)) => Turn::Yours(TurnTicket::new(ticket)),
                Some(None) => Turn::SomebodyElses,
                None => Turn::NoShelf,
            }
        }
        .boxed()
    }

    fn put<'a>(&'a self, turn: &'a TurnTicket, token: &'a ShelvedToken) -> BoxFuture<'a, ()> {
        async move {
            let shared = SharedToken {
                secret: token.secret.clone(),
                id: token.id.clone(),
                expires_in: token.keep_for,
            };
            let put =
                self.registry
                    .put_shared_token_in_turn(&self.connector, &self.credentials, turn.as_str(), &shared);
            self.asked("sharing it", put).await;
        }
        .boxed()
    }

    fn give_up(&self, turn: TurnTicket) -> BoxFuture<'_, ()> {
        async move {
            let give_up = self.registry.give_up_token_turn(&self.connector, turn.as_str());
            self.asked("giving up a turn", give_up).await;
        }
        .boxed()
    }
}
