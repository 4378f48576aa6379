//! Who is asked before a call leaves, and told afterwards what came of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

use crate::call::Endpoint;
use crate::failure::{Error, Failure};

/// Stands between a client and the network: a platform's gate and quota, for example.
///
/// A client made by [`Client::guarded_by`](crate::Client::guarded_by) asks its guard before every HTTP call, those
/// to the token route included, and tells it once what each exchange meant.
///
/// When the future of a call is dropped on its way, its guard hears nothing more of it: what [`ask`](Self::ask) let
/// pass may or may not have reached Docebo.
pub trait Guard: fmt::Debug + Send + Sync {
    /// Asked immediately before each HTTP call. `Err` keeps it here: nothing is sent, nothing is listed in
    /// [`Calls`](crate::Calls), and the caller gets [`Failure::Held`].
    fn ask(&self, endpoint: Endpoint) -> BoxFuture<'_, Result<(), Held>>;

    /// Told once after each HTTP exchange what it meant in the end, its answer read, before the caller hears of it.
    ///
    /// A read that finds nothing is `Ok`. A first 401 means nothing yet and is not told: the token may just be old,
    /// so the call is repeated with another; a 401 to that one is [`Failure::CredentialsRefused`].
    /// [`Failure::Held`] is never told: there was no exchange. What the token route answered is told before
    /// the turn to ask it is given up, so that whoever has the next turn meets the consequences in
    /// [`ask`](Self::ask).
    fn heard<'a>(&'a self, endpoint: Endpoint, outcome: Result<(), &'a Failure>) -> BoxFuture<'a, ()>;
}

/// A guard's no: do not send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Why, as a word of the caller's catalogue; it is handed on unread.
    pub why: String,
    /// After how long asking again makes sense; `None` when somebody has to act first.
    pub wait: Option<Duration>,
}

/// One client's guard, or nobody.
#[derive(Clone, Default)]
pub(crate) struct GuardPost(Option<Arc<dyn Guard>>);

impl GuardPost {
    pub(crate) fn manned_by(guard: Arc<dyn Guard>) -> Self {
        Self(Some(guard))
    }

    pub(crate) async fn ask(&self, endpoint: Endpoint) -> Result<(), Error> {
        match &self.0 {
            None => Ok(()),
            Some(guard) => guard.ask(endpoint).await.map_err(|Held { why, wait }| {
                tracing::debug!(endpoint = endpoint.as_str(), why, "docebo call held");
                Failure::Held { why, wait }.at(endpoint)
            }),
        }
    }

    pub(crate) async fn heard(&self, endpoint: Endpoint, outcome: Result<(), &Failure>) {
        if let Some(guard) = &self.0 {
            guard.heard(endpoint, outcome).await;
        }
    }
}
