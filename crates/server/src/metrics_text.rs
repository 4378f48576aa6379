//! The figures of the work in the text format of Prometheus.

use std::{fmt, sync::atomic::AtomicU64};

use passback_producer::GateState;
use passback_queue::{Lane, State};
use prometheus_client::{
    encoding::text::encode_registry,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use crate::metrics_store::{ConnectorFigures, Figures};

/// The lane of figures that Redis keeps for all lanes together.
const ALL_LANES: &str = "all";
const GATE_STATES: [(GateState, &str); 6] = [
    (GateState::Open, "open"),
    (GateState::Throttled, "throttled"),
    (GateState::Down, "down"),
    (GateState::Forbidden, "forbidden"),
    (GateState::Refused, "refused"),
    (GateState::Ramping, "ramping"),
];

type Labels = Vec<(&'static str, String)>;
type Gauges = Family<Labels, Gauge<f64, AtomicU64>>;

/// Writes the figures; without any, only that the store cannot be read.
pub(crate) fn text(figures: Option<&Figures>) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    let help = "Whether the figures of the work could be read from Redis";
    total(&mut registry, "passback_up", help, u64::from(figures.is_some()));
    if let Some(figures) = figures {
        jobs(&mut registry, figures);
        ages(&mut registry, figures);
        totals(&mut registry, figures);
        connectors(&mut registry, &figures.connectors);
    }
    let mut text = String::new();
    encode_registry(&mut text, &registry)?;
    Ok(text)
}

fn jobs(registry: &mut Registry, figures: &Figures) {
    let help = "Jobs by lane and state; what is scheduled, parked, dead, or waits for another job of its key, is counted \
                over all lanes together";
    let jobs = gauges(registry, "passback_jobs", help);
    for lane in Lane::ALL {
        let ready = figures.depths.lanes.get(&lane).map_or(0, |depth| depth.ready);
        set(&jobs, &[("lane", lane.as_str()), ("state", "ready")], ready);
        let running = figures
            .workers
            .iter()
            .filter_map(|worker| worker.running.get(&lane))
            .sum();
        set(&jobs, &[("lane", lane.as_str()), ("state", "running")], running);
    }
    for state in [State::Scheduled, State::Parked, State::Dead] {
        let count = figures.counts.living.get(&state).copied().unwrap_or(0);
        set(&jobs, &[("lane", ALL_LANES), ("state", state.as_str())], count);
    }
    set(
        &jobs,
        &[("lane", ALL_LANES), ("state", "waiting")],
        figures.depths.behind,
    );
    let dead = gauges(
        registry,
        "passback_dead_letters",
        "Dead letters by the code of their cause",
    );
    for (code, count) in &figures.dead_by_code {
        set(&dead, &[("code", code)], *count);
    }
}

fn ages(registry: &mut Registry, figures: &Figures) {
    let help = "For how long the job that is due longest has been due; lane all has scheduled jobs, too";
    let ages = gauges(registry, "passback_oldest_due_age_seconds", help);
    let depths = &figures.depths;
    let age_ms = |since_ms: Option<u64>| since_ms.map_or(0, |since_ms| depths.now_ms.saturating_sub(since_ms));
    let mut longest_ms = age_ms(depths.first_due_ms);
    for (lane, depth) in &depths.lanes {
        longest_ms = longest_ms.max(age_ms(depth.oldest_ms));
        set_seconds(&ages, &[("lane", lane.as_str())], age_ms(depth.oldest_ms));
    }
    set_seconds(&ages, &[("lane", ALL_LANES)], longest_ms);
}

fn totals(registry: &mut Registry, figures: &Figures) {
    let help = "Workers that gave a sign of life lately";
    total(registry, "passback_workers", help, figures.workers_alive as u64);
    let help = "Results that are not at their end";
    total(registry, "passback_results_open", help, figures.results_open);
    let help = "Results that are not at their end although they should be";
    total(registry, "passback_results_overdue", help, figures.results_overdue);
    let ended = Family::<Labels, Counter>::default();
    let help = "What happened to jobs, over all workers since the beginning: how they ended, buried, reclaimed, fenced";
    registry.register("passback_job_events", help, ended.clone());
    for (event, count) in &figures.counts.counters {
        ended.get_or_create(&labels(&[("event", event)])).inc_by(*count);
    }
}

fn connectors(registry: &mut Registry, connectors: &[ConnectorFigures]) {
    let help = "Whether the gate of a connector is in a state: 1 for the one that it is in";
    let gates = gauges(registry, "passback_gate_state", help);
    let paused = gauges(
        registry,
        "passback_connector_paused",
        "Whether a person has paused a connector",
    );
    let help = "Calls to Docebo that a connector may still make within the hour";
    let quota = gauges(registry, "passback_quota_remaining_calls", help);
    for connector in connectors {
        for (state, word) in GATE_STATES {
            let is_in = u64::from(state == connector.gate);
            set(&gates, &[("connector", &connector.id), ("state", word)], is_in);
        }
        set(&paused, &[("connector", &connector.id)], u64::from(connector.is_paused));
        if let Some(left) = connector.calls_left {
            set(&quota, &[("connector", &connector.id)], left);
        }
    }
}

fn total(registry: &mut Registry, name: &str, help: &str, value: u64) {
    let gauge = Gauge::<f64, AtomicU64>::default();
    gauge.set(number(value));
    registry.register(name, help, gauge);
}

fn gauges(registry: &mut Registry, name: &str, help: &str) -> Gauges {
    let gauges = Gauges::default();
    registry.register(name, help, gauges.clone());
    gauges
}

fn labels(pairs: &[(&'static str, &str)]) -> Labels {
    pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

fn set(gauges: &Gauges, of: &[(&'static str, &str)], value: u64) {
    gauges.get_or_create(&labels(of)).set(number(value));
}

fn set_seconds(gauges: &Gauges, of: &[(&'static str, &str)], value_ms: u64) {
    gauges.get_or_create(&labels(of)).set(number(value_ms) / 1000.0);
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the format has floating point numbers; nobody has 2^53 jobs, and no age has as many ms"
)]
fn number(value: u64) -> f64 {
    value as f64
}
