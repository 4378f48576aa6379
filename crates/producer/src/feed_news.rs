//! The news that the feed, or the log of Docebo's events, has grown: one subscription for all who wait, made again after
//! every outage.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use futures::{StreamExt, stream::BoxStream};
use passback_queue::{Queue, QueueError};
use tokio::{sync::watch, task::JoinHandle};

/// The pause before the subscription is made again.
const RECONNECT: Duration = Duration::from_millis(100);

/// What may have grown.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NewsOf {
    /// The feed of what has come to its end.
    Feed,
    /// The log of what Docebo has told.
    DoceboEvents,
}

pub(crate) struct FeedNews {
    queue: Queue,
    of: NewsOf,
    news: watch::Sender<()>,
    listener: Mutex<Option<JoinHandle<()>>>,
}

impl FeedNews {
    pub(crate) fn new(queue: Queue, of: NewsOf) -> Self {
        Self {
            queue,
            of,
            news: watch::Sender::new(()),
            listener: Mutex::new(None),
        }
    }

    /// Hears of what comes from now on; the subscription is made at the first call.
    ///
    /// Whoever looks after this call misses nothing: what comes before the subscription stands is followed by news.
    pub(crate) fn subscribe(&self) -> FeedHearing {
        let hearing = FeedHearing(self.news.subscribe());
        let mut listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        if listener.as_ref().is_none_or(JoinHandle::is_finished) {
            *listener = Some(tokio::spawn(listen(self.queue.clone(), self.of, self.news.clone())));
        }
        hearing
    }
}

impl Drop for FeedNews {
    fn drop(&mut self) {
        let listener = self.listener.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(listener) = listener.take() {
            listener.abort();
        }
    }
}

/// One waiter's end of the news.
pub(crate) struct FeedHearing(watch::Receiver<()>);

impl FeedHearing {
    /// Returns when there may be events that came since the last return, or since the subscription.
    pub(crate) async fn more(&mut self) {
        if self.0.changed().await.is_err() {
            // The sender lives in the producer that is waited through.
            std::future::pending::<()>().await;
        }
    }
}

/// A subscription of its own.
async fn arrivals(queue: &Queue, of: NewsOf) -> Result<BoxStream<'static, ()>, QueueError> {
    Ok(match of {
        NewsOf::Feed => queue.event_arrivals().await?.boxed(),
        NewsOf::DoceboEvents => queue.docebo_event_arrivals().await?.boxed(),
    })
}

async fn listen(queue: Queue, of: NewsOf, news: watch::Sender<()>) {
    let mut failed_before = false;
    loop {
        match arrivals(&queue, of).await {
            Ok(mut arrivals) => {
                failed_before = false;
                news.send_replace(());
                while arrivals.next().await.is_some() {
                    news.send_replace(());
                }
                tracing::info!(?of, "a subscription broke, making it again");
            }
            Err(error) => {
                if !failed_before {
                    tracing::warn!(%error, ?of, "cannot subscribe, trying on");
                }
                failed_before = true;
            }
        }
        tokio::time::sleep(RECONNECT).await;
    }
}
