//! Which jobs a list or a change is about.

use clap::Args;

use crate::exit::Failure;

/// Filters of jobs; all that are given must match.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct JobFilter {
    /// Only jobs of this connector.
    #[arg(long)]
    connector: Option<String>,
    /// Only jobs of this lane: check, push or background.
    #[arg(long)]
    lane: Option<String>,
    /// Only jobs whose last attempt ended with this code.
    #[arg(long)]
    code: Option<String>,
    /// The same as a pair: connector=ID, lane=LANE, code=CODE, state=STATE; may be given several times.
    #[arg(long = "filter", value_name = "KEY=VALUE")]
    pairs: Vec<String>,
}

const KEYS: [&str; 4] = ["connector", "lane", "code", "state"];

impl JobFilter {
    /// The filter as query parameters; `keys` are the ones that make sense here.
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
            let known = known.ok_or_else(|| {
                Failure::usage(format!("the filter \"{pair}\" is not known"))
                    .fix("write KEY=VALUE with a key of connector, lane, code or, for jobs, state")
            })?;
            query.push(known);
        }
        Ok(query)
    }

    /// Whether nothing is filtered.
    pub(crate) fn is_empty(&self) -> bool {
        self.connector.is_none() && self.lane.is_none() && self.code.is_none() && self.pairs.is_empty()
    }
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
}
