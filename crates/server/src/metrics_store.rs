//! The figures of the work, as Redis has them.

use std::{collections::BTreeMap, time::Duration};

use passback_producer::{Code, GateState, StandingView, StoreError};
use passback_queue::{Counts, Depths, Name, WORKER_SILENCE, Worker};

use crate::{dead_letters_filter::ReadyFilter, dead_letters_walk::Walk, state::App};

/// Connectors that have figures of their own; of more, the first ones by their id.
const MAX_CONNECTORS: usize = 200;
/// Dead letters that are looked at for their codes; more are only counted.
const MAX_DEAD_LOOKED_AT: usize = 20_000;
/// The code under which those stand that were not looked at, and those of codes that this version does not know.
const OTHER: &str = "other";

/// What is known of the work at one moment.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) counts: Counts,
    pub(crate) depths: Depths,
    pub(crate) workers: Vec<Worker>,
    /// Workers that gave a sign of life lately.
    pub(crate) workers_alive: usize,
    pub(crate) results_open: u64,
    pub(crate) results_overdue: u64,
    pub(crate) dead_by_code: BTreeMap<&'static str, u64>,
    pub(crate) connectors: Vec<ConnectorFigures>,
}

/// What is known of one connector.
#[derive(Debug)]
pub(crate) struct ConnectorFigures {
    pub(crate) id: String,
    pub(crate) gate: GateState,
    pub(crate) is_paused: bool,
    /// Calls left in the hour; none for any number.
    pub(crate) calls_left: Option<u64>,
}

/// Reads all figures, one after the other: they are near each other in time, and exact each for itself.
pub(crate) async fn read(app: &App) -> Result<Figures, StoreError> {
    let queue = app.queue();
    let depths = queue.depths().await?;
    let counts = queue.counts().await?;
    let workers = queue.workers().await?;
    let silence_ms = millis(WORKER_SILENCE);
    let heard = |worker: &&Worker| worker.last_beat_ms.saturating_add(silence_ms) >= depths.now_ms;
    let overdue_by = depths.now_ms.saturating_sub(millis(app.config.overdue_after));
    Ok(Figures {
        workers_alive: workers.iter().filter(heard).count(),
        results_open: queue.count_open_results(u64::MAX).await?,
        results_overdue: queue.count_open_results(overdue_by).await?,
        dead_by_code: dead_by_code(app, &counts).await?,
        connectors: connectors(app).await?,
        counts,
        depths,
        workers,
    })
}

async fn dead_by_code(app: &App, counts: &Counts) -> Result<BTreeMap<&'static str, u64>, StoreError> {
    let dead = counts.living.get(&passback_queue::State::Dead).copied().unwrap_or(0);
    let mut found = BTreeMap::new();
    if dead == 0 {
        return Ok(found);
    }
    let mut walk = Walk::begin(app.queue(), ReadyFilter::default(), MAX_DEAD_LOOKED_AT).await?;
    while let Some(jobs) = walk.next().await? {
        for job in jobs {
            let code = job.code.as_deref().and_then(|code| code.parse::<Code>().ok());
            *found.entry(code.map_or(OTHER, Code::as_str)).or_default() += 1;
        }
    }
    if !walk.is_whole() {
        let looked_at: u64 = found.values().sum();
        *found.entry(OTHER).or_default() += dead.saturating_sub(looked_at);
    }
    Ok(found)
}

async fn connectors(app: &App) -> Result<Vec<ConnectorFigures>, StoreError> {
    let mut ids: Vec<String> = app
        .registry()
        .connector_views()
        .await?
        .iter()
        .map(|view| view.id.to_string())
        .collect();
    ids.sort();
    let mut figures = Vec::with_capacity(ids.len().min(MAX_CONNECTORS));
    for id in ids.into_iter().take(MAX_CONNECTORS) {
        // Every id of the registry fits; one that does not has no jobs.
        let Ok(name) = Name::new(id.as_str()) else { continue };
        let standing = StandingView::new(&app.queue().standing(&name).await?);
        let calls = &standing.calls;
        figures.push(ConnectorFigures {
            id,
            gate: standing.gate.state,
            is_paused: standing.pause.is_some(),
            calls_left: calls
                .allowed
                .map(|allowed| u64::from(allowed).saturating_sub(calls.used)),
        });
    }
    Ok(figures)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
