//! `lua/report.lua`, `lua/open.lua`, `lua/limits.lua`, `lua/forget.lua`: what is known of a connector, shared by all
//! workers.
//!
//! A closed gate holds the connector's jobs in Redis: they take no slot, burn no attempt and are not polled for. A gate
//! that opens lets one job through, then two, four, eight and so on.

use std::time::Duration;

use crate::{Name, Queue, QueueError, queue::millis, quota::CALL_COUNTS_FOR};

/// How a connector failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failing {
    /// No connection, no answer, or an answer that says it cannot answer. Five in a row close the gate for 30 s.
    Down,
    /// The same, and no second try would end otherwise: the certificate. Closes at once, for 30 s.
    DownForSure,
    /// It asks for fewer calls. Closes for as long as it asks, and for longer each time.
    Throttled {
        /// How long it asked to wait.
        wait: Duration,
    },
    /// It does not let the connector's user do this. Three in a row close the gate for five minutes.
    Forbidden,
    /// It refuses the credentials. Closes until somebody opens.
    Refused,
}

impl Failing {
    fn kind(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::DownForSure => "down_at_once",
            Self::Throttled { .. } => "throttled",
            Self::Forbidden => "forbidden",
            Self::Refused => "refused",
        }
    }

    fn wait(self) -> Duration {
        match self {
            Self::Throttled { wait } => wait,
            Self::Down | Self::DownForSure | Self::Forbidden | Self::Refused => Duration::ZERO,
        }
    }
}

/// A connector's gate. Times are milliseconds since 1970 by Redis' clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// Jobs run; `failures` in a row are on record.
    Open {
        /// Failures since something last went well.
        failures: u32,
    },
    /// Jobs wait.
    Closed {
        /// The catalogue code of the reason.
        code: String,
        /// Since when.
        since_ms: u64,
        /// Until when; none means until somebody opens it.
        until_ms: Option<u64>,
    },
    /// Jobs run again, a few at a time.
    Ramping {
        /// The catalogue code of why it had been closed; empty after a pause.
        code: String,
        /// Since when.
        since_ms: u64,
        /// How many may run at once.
        window: u32,
    },
}

/// What a connector may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Calls in any hour, over all workers; none for any number.
    pub calls_per_hour: Option<u32>,
    /// Its share of the turns beside other connectors, from 1.
    pub weight: u32,
    /// Jobs that run at once, over all workers; none for any number.
    pub max_concurrency: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls_per_hour: None,
            weight: 1,
            max_concurrency: None,
        }
    }
}

impl Queue {
    /// Notes that a connector failed; says how its gate stands now. `code` is the catalogue's.
    pub async fn report(&self, connector: &Name, failing: Failing, code: &Name) -> Result<Gate, QueueError> {
        let mut call = self.timed(&self.shared.scripts.report);
        call.arg(connector.as_str())
            .arg(failing.kind())
            .arg(code.as_str())
            .arg(millis(failing.wait()))
            .arg(millis(CALL_COUNTS_FOR));
        let packed: String = self.run(&call).await?;
        Gate::parse(&packed).ok_or_else(|| QueueError::Unreadable("a gate".to_owned()))
    }

    /// Opens a connector's gate because it was shown to work, or may work now. Returns whether it was closed.
    pub async fn open_gate(&self, connector: &Name) -> Result<bool, QueueError> {
        let mut call = self.timed(&self.shared.scripts.open);
        call.arg(connector.as_str());
        self.run(&call).await
    }

    /// Sets what connectors may use; returns how many changed.
    pub async fn set_limits(&self, limits: &[(Name, Limits)]) -> Result<u64, QueueError> {
        let mut changed: u64 = 0;
        for chunk in limits.chunks(200) {
            let mut call = self.timed(&self.shared.scripts.limits);
            for (connector, limits) in chunk {
                call.arg(connector.as_str())
                    .arg(limits.calls_per_hour.unwrap_or(0))
                    .arg(limits.weight.max(1))
                    .arg(limits.max_concurrency.unwrap_or(0));
            }
            let batch: u64 = self.run(&call).await?;
            changed += batch;
        }
        Ok(changed)
    }

    /// Forgets gate, pause and limits of a connector that was removed. Its jobs stay.
    pub async fn forget(&self, connector: &Name) -> Result<(), QueueError> {
        let mut call = self.timed(&self.shared.scripts.forget);
        call.arg(connector.as_str());
        let _: u8 = self.run(&call).await?;
        Ok(())
    }
}

impl Gate {
    /// Reads `state|since|until|code|failures|window|good|kind`; an empty text is a gate that nothing is known of.
    pub(crate) fn parse(packed: &str) -> Option<Self> {
        if packed.is_empty() {
            return Some(Self::Open { failures: 0 });
        }
        let parts: Vec<&str> = packed.split('|').collect();
        let [state, since, until, code, failures, window, _good, _kind] = parts.as_slice() else {
            return None;
        };
        let code = (*code).to_owned();
        let since_ms = since.parse().ok()?;
        match *state {
            "open" => Some(Self::Open {
                failures: failures.parse().ok()?,
            }),
            "closed" => Some(Self::Closed {
                code,
                since_ms,
                until_ms: until.parse().ok().filter(|until| *until > 0),
            }),
            "ramping" => Some(Self::Ramping {
                code,
                since_ms,
                window: window.parse().ok()?,
            }),
            _ => None,
        }
    }
}
