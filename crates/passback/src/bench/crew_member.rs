//! The other end of a worker process: orders and requests come line by line on its input, and its end is the end.

use std::collections::BTreeMap;

use passback_queue::{Lane, Queue, RedisOptions};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

use super::crew::Worker;
use super::process_usage::ProcessUsage;
use crate::exit::{Exit, Failure};
use crate::output;

/// What it says when it has reached Redis.
pub(crate) const READY: &str = "ready";

/// The first line of its input.
#[derive(Serialize, Deserialize)]
pub(crate) struct Orders {
    pub(crate) redis_url: String,
    pub(crate) concurrency: BTreeMap<Lane, usize>,
}

/// What it can be asked for afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    /// Begin to work.
    Begin,
    /// Say what was used so far.
    Usage,
}

impl Request {
    const ALL: [Self; 2] = [Self::Begin, Self::Usage];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::Usage => "usage",
        }
    }
}

/// Works as ordered until nobody holds the other end any more.
pub(crate) async fn serve_crew() -> Result<Exit, Failure> {
    let mut lines = BufReader::new(stdin()).lines();
    let unreadable = |_| Failure::usage("the orders of a crew member come from `passback bench queue`");
    let first = lines.next_line().await.ok().flatten().unwrap_or_default();
    let orders: Orders = serde_json::from_str(&first).map_err(unreadable)?;
    let unreachable = |error| Failure::unavailable(format!("the worker cannot reach Redis: {error}"));
    let queue = Queue::new(RedisOptions::new(orders.redis_url)).map_err(unreachable)?;
    queue.ping().await.map_err(unreachable)?;
    output::line(READY)?;
    let mut worker = None;
    while let Ok(Some(line)) = lines.next_line().await {
        match Request::ALL.into_iter().find(|request| request.as_str() == line) {
            Some(Request::Begin) => {
                let concurrency = orders.concurrency.clone();
                worker.get_or_insert_with(|| {
                    Worker::start(queue.clone(), concurrency, |_| {}, std::time::Duration::ZERO)
                });
            }
            Some(Request::Usage) => {
                let usage = serde_json::to_string(&ProcessUsage::own()?).unwrap_or_default();
                output::line(&usage)?;
            }
            None => {
                return Err(Failure::usage(format!(
                    "a crew member does not know the request {line:?}"
                )));
            }
        }
    }
    match worker {
        Some(worker) => worker.stop().await.map(|()| Exit::Done),
        None => Ok(Exit::Done),
    }
}
