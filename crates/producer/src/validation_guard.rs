//! Counts the calls of a validation: they use up Docebo's hour like any other, and nothing holds them back, since a
//! person waits for them and they are how a closed gate is opened.

use futures::{FutureExt, future::BoxFuture};
use passback_docebo::{Endpoint, Failure, Guard, Held};
use passback_queue::{Lane, Name, Queue};

/// Lets every call pass.
#[derive(Debug)]
pub(crate) struct CountingGuard {
    queue: Queue,
    connector: Name,
}

impl CountingGuard {
    pub(crate) fn new(queue: &Queue, connector: Name) -> Self {
        Self {
            queue: queue.clone(),
            connector,
        }
    }
}

impl Guard for CountingGuard {
    fn ask(&self, _: Endpoint) -> BoxFuture<'_, Result<(), Held>> {
        async move {
            if let Err(error) = self.queue.spend_anyway(&self.connector, Lane::Check).await {
                tracing::debug!(connector = %self.connector, %error, "a call of a validation could not be counted");
            }
            Ok(())
        }
        .boxed()
    }

    fn heard<'a>(&'a self, _: Endpoint, _: Result<(), &'a Failure>) -> BoxFuture<'a, ()> {
        // What a validation finds is told once, at its end.
        futures::future::ready(()).boxed()
    }
}
