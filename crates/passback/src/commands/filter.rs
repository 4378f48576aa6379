//! Which jobs a list or a change is about.

use clap::Args;
use clap::builder::PossibleValuesParser;
use passback_queue::{Lane, State};

use crate::exit::Failure;

/// Filters of jobs; all that are given must match.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct JobFilter {
    /// Only jobs of this connector.
    #[arg(long)]
    connector: Option<String>,
    /// Only jobs of this lane.
    #[arg(long, value_parser = lanes())]
    lane: Option<String>,
    /// Only jobs whose last attempt ended with this code.
    #[arg(long)]
    code: Option<String>,
    /// The same as a pair: connector=ID, lane=LANE, code=CODE; may be given several times.
    #[arg(id = PAIRS, long = "filter", value_name = "KEY=VALUE")]
    pairs: Vec<String>,
}

/// The argument of pairs; a list of jobs has a longer help for it.
pub(crate) const PAIRS: &str = "pairs";

const KEYS: [&str; 4] = ["connector", "lane", "code", "state"];

impl JobFilter {
    /// The filter as query parameters; dead letters all have the same state.
    pub(crate) fn query(&self, with_state: bool) -> Result<Vec<(&'static str, String)>, Failure> {
        let mut query = Vec::new();
        for (key, value) in [
            ("connector", &self.connector),
            ("lane", &self.lane),
            ("code", &self.code),
        ] {
            query.extend(value.clone().map(|value| (key, value)));
        }
        for pair in &self.pairs {
            let known = pair.split_once('=').and_then(|(key, value)| {
                let key = KEYS.into_iter().find(|known| *known == key)?;
                (with_state || key != "state").then(|| (key, value.to_owned()))
            });
            let (key, value) = known.ok_or_else(|| {
                let keys = if with_state { KEYS.as_slice() } else { &KEYS[..3] };
                Failure::usage(format!("the filter \"{pair}\" is not known"))
                    .fix(format!("write KEY=VALUE with a key of {}", keys.join(", ")))
            })?;
            match key {
                "lane" => one_of(pair, &value, &Lane::ALL.map(Lane::as_str))?,
                "state" => one_of(pair, &value, &State::ALL.map(State::as_str))?,
                _ => {}
            }
            query.push((key, value));
        }
        Ok(query)
    }

    /// Whether nothing is filtered.
    pub(crate) fn is_empty(&self) -> bool {
        self.connector.is_none() && self.lane.is_none() && self.code.is_none() && self.pairs.is_empty()
    }
}

fn one_of(pair: &str, value: &str, values: &[&str]) -> Result<(), Failure> {
    if values.contains(&value) {
        return Ok(());
    }
    let fix = format!("write one of {}", values.join(", "));
    Err(Failure::usage(format!("the value of the filter \"{pair}\" is not known")).fix(fix))
}

/// The lanes, as a flag takes them.
pub(crate) fn lanes() -> PossibleValuesParser {
    PossibleValuesParser::new(Lane::ALL.map(Lane::as_str))
}

/// The states, as a flag takes them.
pub(crate) fn states() -> PossibleValuesParser {
    PossibleValuesParser::new(State::ALL.map(State::as_str))
}

/// Borrows a query as the client takes it.
pub(crate) fn borrowed<'a>(query: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    query.iter().map(|(key, value)| (*key, value.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_and_pairs_say_the_same() {
        let pairs = vec!["state=parked".to_owned()];
        let filter = JobFilter {
            connector: Some("acme".to_owned()),
            pairs,
            ..JobFilter::default()
        };
        assert_eq!(
            borrowed(&filter.query(true).unwrap()),
            [("connector", "acme"), ("state", "parked")]
        );
        assert!(filter.query(false).is_err());
    }

    #[test]
    fn an_unknown_filter_is_named() {
        let filter = JobFilter {
            pairs: vec!["colour=red".to_owned()],
            ..JobFilter::default()
        };
        assert!(filter.query(true).unwrap_err().to_string().contains("colour=red"));
    }

    #[test]
    fn an_unknown_state_is_named_with_the_known_ones() {
        let filter = JobFilter {
            pairs: vec!["state=lost".to_owned()],
            ..JobFilter::default()
        };
        let failure = filter.query(true).unwrap_err();
        assert_eq!(failure.exit, crate::exit::Exit::Usage);
        assert!(failure.to_string().contains("ready, scheduled, running"), "{failure}");
    }
}
