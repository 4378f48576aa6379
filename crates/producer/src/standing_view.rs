//! A connector's standing as everyone sees it: gate, pause, calls of the hour, backlog and its forecast.

use std::collections::BTreeMap;

use jiff::Timestamp;
use passback_queue::{Gate, Lane, Pause, PauseMode, Standing};
use passback_registry::ConnectorId;
use serde::Serialize;

use crate::{
    Code, Forecast, Producer, StoreError,
    name::name,
    public_time::{self, shown},
};

/// How a connector's gate stands, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum GateState {
    /// Jobs run.
    Open,
    /// Docebo asked for fewer calls: jobs wait for a time.
    Throttled,
    /// Docebo cannot be reached or does not answer: jobs wait for the next try.
    Down,
    /// Docebo does not let the connector's user do this: jobs wait for the next try.
    Forbidden,
    /// Docebo refuses the credentials: jobs wait until somebody validates the connector.
    Refused,
    /// Jobs run again, a few at once, more as they succeed.
    Ramping,
}

/// A connector's gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GateView {
    /// In a word.
    pub state: GateState,
    /// In a few words, a pause by a person included.
    pub summary: String,
    /// Why it is closed, or was.
    pub code: Option<String>,
    /// The reason in a few words.
    pub title: Option<&'static str>,
    /// Since when it is closed or ramping.
    #[serde(serialize_with = "public_time::option::serialize")]
    pub since: Option<Timestamp>,
    /// When the next try is made, if it is closed for a time.
    #[serde(serialize_with = "public_time::option::serialize")]
    pub until: Option<Timestamp>,
    /// Jobs that may run at once, while ramping.
    pub window: Option<u32>,
    /// Failures in a row, while open.
    pub failures: u32,
}

/// A pause by a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PauseView {
    /// Whether it is a pause, or lasts until nothing runs.
    pub mode: PauseMode,
    /// Since when.
    #[serde(serialize_with = "public_time::serialize")]
    pub since: Timestamp,
    /// When it ends by itself; none means when somebody resumes.
    #[serde(serialize_with = "public_time::option::serialize")]
    pub until: Option<Timestamp>,
    /// Who paused.
    pub actor: String,
    /// Why.
    pub reason: String,
}

/// The calls of a connector within the last hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CallsView {
    /// Calls allowed in an hour at present, which is less than configured after Docebo refused some. None for any number.
    pub allowed: Option<u32>,
    /// Calls that count.
    pub used: u64,
    /// Calls that each lane may make now; none for any number.
    pub left: BTreeMap<Lane, Option<u64>>,
}

/// How a connector stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StandingView {
    /// Its gate.
    pub gate: GateView,
    /// The pause, if a person has paused it.
    pub pause: Option<PauseView>,
    /// Its calls.
    pub calls: CallsView,
    /// Jobs that run.
    pub running: u64,
    /// Whether it is paused and nothing runs any more.
    pub drained: bool,
    /// Jobs per lane that are ready; those behind another job of the same person and course are not counted.
    pub ready: BTreeMap<Lane, u64>,
    /// When that backlog can be done; none where there is none.
    pub forecast: Option<Forecast>,
}

impl PauseView {
    /// The pause as it is at a time; none once it is over.
    pub fn in_force(pause: &Pause, now_ms: u64) -> Option<Self> {
        let over = pause.until_ms.is_some_and(|until_ms| until_ms <= now_ms);
        (!over).then(|| Self {
            mode: pause.mode,
            since: public_time::from_ms(pause.since_ms),
            until: pause.until_ms.map(public_time::from_ms),
            actor: pause.actor.clone(),
            reason: pause.reason.clone(),
        })
    }

    /// The pause in a few words.
    pub fn summary(&self) -> String {
        let word = match self.mode {
            PauseMode::Pause => "paused",
            PauseMode::Drain => "draining",
        };
        match self.until {
            Some(until) => format!("{word} until {}", shown(until)),
            None => format!("{word} until resumed"),
        }
    }
}

impl GateView {
    fn of(gate: &Gate, pause: Option<&PauseView>, now_ms: u64) -> Self {
        let mut view = Self::without_pause(gate, now_ms);
        if let Some(pause) = pause {
            view.summary = pause.summary();
        }
        view
    }

    fn without_pause(gate: &Gate, now_ms: u64) -> Self {
        match gate {
            Gate::Open { failures } => Self {
                failures: *failures,
                ..Self::new(GateState::Open, "open".to_owned(), "", None)
            },
            Gate::Closed {
                code,
                since_ms,
                until_ms: None,
            } => Self::new(
                GateState::Refused,
                "refused until validated".to_owned(),
                code,
                Some(*since_ms),
            ),
            // The time of the next try has come: the next job is that try.
            Gate::Closed {
                code,
                since_ms,
                until_ms: Some(until_ms),
            } if *until_ms <= now_ms => Self::ramping(code, *since_ms, 1),
            Gate::Closed {
                code,
                since_ms,
                until_ms: Some(until_ms),
            } => {
                let (state, word) = closed_for_a_time(code);
                let until = public_time::from_ms(*until_ms);
                Self {
                    until: Some(until),
                    ..Self::new(state, format!("{word} until {}", shown(until)), code, Some(*since_ms))
                }
            }
            Gate::Ramping { code, since_ms, window } => Self::ramping(code, *since_ms, *window),
        }
    }

    fn ramping(code: &str, since_ms: u64, window: u32) -> Self {
        Self {
            window: Some(window),
            ..Self::new(
                GateState::Ramping,
                format!("ramping (window {window})"),
                code,
                Some(since_ms),
            )
        }
    }

    fn new(state: GateState, summary: String, code: &str, since_ms: Option<u64>) -> Self {
        Self {
            state,
            summary,
            code: (!code.is_empty()).then(|| code.to_owned()),
            title: code.parse::<Code>().ok().map(|code| code.entry().title),
            since: since_ms.map(public_time::from_ms),
            until: None,
            window: None,
            failures: 0,
        }
    }
}

/// What a gate is called that is closed for a time, by the code of the reason.
fn closed_for_a_time(code: &str) -> (GateState, &'static str) {
    let is = |known: Code| code == known.as_str();
    if is(Code::DoceboThrottled) {
        (GateState::Throttled, "throttled")
    } else if is(Code::Forbidden) || is(Code::UnexpectedPage) {
        (GateState::Forbidden, "forbidden")
    } else {
        (GateState::Down, "down")
    }
}

impl StandingView {
    /// The view of what the queue knows.
    pub fn new(standing: &Standing) -> Self {
        let pause = standing.pause.as_ref();
        let pause = pause.and_then(|pause| PauseView::in_force(pause, standing.now_ms));
        let left = standing.lanes.iter().map(|(lane, found)| (*lane, found.calls_left));
        Self {
            gate: GateView::of(&standing.gate, pause.as_ref(), standing.now_ms),
            calls: CallsView {
                allowed: standing.calls_allowed,
                used: standing.lanes.values().map(|lane| lane.calls).sum(),
                left: left.collect(),
            },
            running: standing.running,
            drained: pause.is_some() && standing.running == 0,
            ready: standing
                .lanes
                .iter()
                .map(|(lane, found)| (*lane, found.ready))
                .collect(),
            forecast: Forecast::of(standing),
            pause,
        }
    }
}

impl Producer {
    /// How a connector stands.
    pub async fn connector_standing(&self, connector: &ConnectorId) -> Result<StandingView, StoreError> {
        let standing = self.queue.standing(&name(connector.as_str())).await?;
        Ok(StandingView::new(&standing))
    }
}
