//! Which dead letters are meant: by query parameters, or in the body of a plan.

use std::time::Duration;

use passback_producer::Code;
use passback_queue::{Filter, Lane, State};
use passback_registry::ConnectorId;
use serde::{Deserialize, Serialize};

use crate::{
    age,
    parameters::Parameters,
    problem::{Fault, Problem},
};

/// The parameters that choose dead letters.
pub(crate) const FILTERS: [&str; 4] = ["connector", "lane", "code", "older_than"];

/// Which dead letters are meant, as a caller says it; all that is given must match.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeadFilter {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    connector: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lane: Option<Lane>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    older_than: Option<String>,
}

/// A filter that can be used.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReadyFilter {
    pub(crate) jobs: Filter,
    /// For how long they have been dead at least.
    pub(crate) older_than: Duration,
}

impl ReadyFilter {
    /// The filter in the parameters of a request.
    pub(crate) fn of(parameters: &Parameters) -> Result<Self, Problem> {
        let code = parameters.parsed::<Code>("code")?;
        let older_than = parameters.text("older_than").map(|text| age::parse("older_than", text));
        let older_than = older_than.transpose().map_err(|fault| Problem::invalid(vec![fault]))?;
        Ok(Self {
            jobs: Filter {
                state: Some(State::Dead),
                connector: parameters.text("connector").map(str::to_owned),
                code: code.map(|code| code.as_str().to_owned()),
                lane: parameters.parsed::<Lane>("lane")?,
            },
            older_than: older_than.unwrap_or_default(),
        })
    }
}

impl DeadFilter {
    /// Checks the filter of a body; says all that is wrong with it.
    pub(crate) fn checked(&self) -> Result<ReadyFilter, Vec<Fault>> {
        let mut faults = Vec::new();
        if let Some(Err(unknown)) = self.code.as_deref().map(str::parse::<Code>) {
            let fix = "use a code as lists and GET /v1/dead-letters/groups show them";
            faults.push(Fault::at("/filter/code", unknown.to_string(), fix));
        }
        if self
            .connector
            .as_deref()
            .is_some_and(|id| id.parse::<ConnectorId>().is_err())
        {
            let fix = "use the id of a connector, or leave it out for all";
            faults.push(Fault::at("/filter/connector", "not the id of a connector", fix));
        }
        let older_than = self.older_than.as_deref().map(|text| age::parse("older_than", text));
        let older_than = older_than.transpose().unwrap_or_else(|fault| {
            faults.push(Fault::at("/filter/older_than", fault.problem, fault.fix));
            None
        });
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(ReadyFilter {
            jobs: Filter {
                state: Some(State::Dead),
                connector: self.connector.clone(),
                code: self.code.clone(),
                lane: self.lane,
            },
            older_than: older_than.unwrap_or_default(),
        })
    }
}
