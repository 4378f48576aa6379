//! The feed of final answers as a feed that can be streamed.

use std::time::Duration;

use passback_producer::{FeedEvent, StoreError};

use crate::{
    event_stream::{Feed, Page},
    state::App,
};

/// What has become of results and checks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FinalAnswers;

impl Feed for FinalAnswers {
    type Event = FeedEvent;

    async fn read(
        &self,
        app: &App,
        after: Option<&str>,
        limit: usize,
        wait: Option<Duration>,
    ) -> Result<Page<FeedEvent>, StoreError> {
        let page = match wait {
            Some(wait) => app.producer.wait_for_feed(after, limit, wait).await?,
            None => app.producer.feed(after, limit).await?,
        };
        Ok(Page {
            events: page.events,
            next_cursor: page.next_cursor,
            gap: page.gap,
        })
    }

    async fn end(&self, app: &App) -> Result<String, StoreError> {
        app.producer.feed_end().await
    }

    fn label(event: &FeedEvent) -> (&str, &str) {
        (&event.cursor, event.of.kind())
    }
}
