//! The news that a check has ended: one subscription for all who wait, made again after every outage.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use futures::StreamExt;
use passback_queue::{JobId, Queue};
use tokio::{sync::broadcast, task::JoinHandle};

/// News that a waiter may lag behind before it looks for itself.
const BACKLOG: usize = 1024;
/// The pause before the subscription is made again.
const RECONNECT: Duration = Duration::from_millis(100);

/// What a waiter hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    /// This check has ended.
    Ended(JobId),
    /// News may have been missed: look for yourself.
    Look,
}

pub(crate) struct Endings {
    queue: Queue,
    news: broadcast::Sender<News>,
    listener: Mutex<Option<JoinHandle<()>>>,
}

impl Endings {
    pub(crate) fn new(queue: Queue) -> Self {
        Self {
            queue,
            news: broadcast::Sender::new(BACKLOG),
            listener: Mutex::new(None),
        }
    }

    /// Hears of what ends from now on; the subscription is made at the first call.
    ///
    /// Whoever looks after this call misses nothing: what ends before the subscription stands is followed by
    /// [`News::Look`].
    pub(crate) fn subscribe(&self) -> Hearing {
        let hearing = Hearing(self.news.subscribe());
        let mut listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        if listener.as_ref().is_none_or(JoinHandle::is_finished) {
            *listener = Some(tokio::spawn(listen(self.queue.clone(), self.news.clone())));
        }
        hearing
    }
}

impl Drop for Endings {
    fn drop(&mut self) {
        let listener = self.listener.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(listener) = listener.take() {
            listener.abort();
        }
    }
}

/// One waiter's end of the news.
pub(crate) struct Hearing(broadcast::Receiver<News>);

impl Hearing {
    /// Returns when this check may have ended.
    pub(crate) async fn of(&mut self, id: JobId) {
        loop {
            match self.0.recv().await {
                Ok(News::Ended(ended)) if ended != id => {}
                Ok(News::Ended(_) | News::Look) | Err(broadcast::error::RecvError::Lagged(_)) => return,
                // The sender lives in the producer that is waited through.
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

async fn listen(queue: Queue, news: broadcast::Sender<News>) {
    let mut failed_before = false;
    loop {
        match queue.ended().await {
            Ok(ended) => {
                failed_before = false;
                // Without a receiver there is nobody to tell.
                let _ = news.send(News::Look);
                let mut ended = std::pin::pin!(ended);
                while let Some(id) = ended.next().await {
                    let _ = news.send(News::Ended(id));
                }
                tracing::info!("the subscription to ended checks broke, making it again");
            }
            Err(error) => {
                if !failed_before {
                    tracing::warn!(%error, "cannot subscribe to ended checks, trying on");
                }
                failed_before = true;
            }
        }
        tokio::time::sleep(RECONNECT).await;
    }
}
