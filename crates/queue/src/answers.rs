//! Answers of checks, and the news that one has come.

use futures::{Stream, StreamExt};

use crate::{JobId, Queue, QueueError, keys};

impl Queue {
    /// The answer a job ended with, while it is kept.
    pub async fn answer(&self, id: JobId) -> Result<Option<Vec<u8>>, QueueError> {
        let key = keys::key_of(keys::ANSWER, &id.to_string());
        Ok(redis::cmd("GET").arg(key).query_async(&mut self.connection()).await?)
    }

    /// A stream of the checks that end from now on, on a connection of its own.
    ///
    /// It ends when the connection does; what ended meanwhile is read with [`Queue::answer`].
    pub async fn ended(&self) -> Result<impl Stream<Item = JobId> + Send + use<>, QueueError> {
        let mut subscription = self.shared.options.client()?.get_async_pubsub().await?;
        subscription.subscribe(keys::key(keys::ENDED)).await?;
        Ok(subscription.into_on_message().filter_map(|message| async move {
            let text: String = message.get_payload().ok()?;
            text.parse().ok()
        }))
    }
}
