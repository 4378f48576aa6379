//! The log of Docebo's events as a feed that can be streamed.

use std::time::Duration;

use passback_producer::{DoceboEventQuery, DoceboEventView, StoreError};

use crate::{
    event_stream::{Feed, Page},
    state::App,
};

/// The events that fit a query.
#[derive(Debug, Clone)]
pub(crate) struct DoceboEvents(pub(crate) DoceboEventQuery);

impl Feed for DoceboEvents {
    type Event = DoceboEventView;

    async fn read(
        &self,
        app: &App,
        after: Option<&str>,
        limit: usize,
        wait: Option<Duration>,
    ) -> Result<Page<Self::Event>, StoreError> {
        let query = DoceboEventQuery {
            after: after.map(str::to_owned),
            limit,
            ..self.0.clone()
        };
        let page = match wait {
            Some(wait) => app.producer.wait_for_docebo_events(&query, wait).await?,
            None => app.producer.docebo_events(&query).await?,
        };
        Ok(Page {
            events: page.events,
            next_cursor: page.next_cursor,
            gap: page.gap,
        })
    }

    async fn end(&self, app: &App) -> Result<String, StoreError> {
        app.producer.docebo_events_end().await
    }

    fn label(event: &Self::Event) -> (&str, &str) {
        (&event.id, &event.event)
    }
}
