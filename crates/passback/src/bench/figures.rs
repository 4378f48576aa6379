//! What was measured: per figure one value a round, printed as the median with the least and the most.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::output;

/// Figures in the order in which they were first added.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    series: Vec<(&'static str, Vec<f64>)>,
}

impl Figures {
    /// Adds one round's value of a figure. The name ends in its unit.
    pub(crate) fn add(&mut self, name: &'static str, value: f64) {
        match self.series.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => self.series.push((name, vec![value])),
        }
    }

    /// Adds the middle and the slow end of one round's delays, as `…_p50_ms` and `…_p99_ms`.
    pub(crate) fn add_delays(&mut self, p50: &'static str, p99: &'static str, delays: &[Duration]) {
        let mut sorted: Vec<f64> = delays.iter().map(|delay| delay.as_secs_f64() * 1e3).collect();
        sorted.sort_by(f64::total_cmp);
        self.add(p50, rank(&sorted, 50));
        self.add(p99, rank(&sorted, 99));
    }

    /// Adds one figure's median divided by another's.
    pub(crate) fn add_ratio(&mut self, name: &'static str, figure: &str, over: &str) {
        let ratio = per(self.median(figure), self.median(over));
        self.add(name, ratio);
    }

    fn median(&self, name: &str) -> f64 {
        let values = self.series.iter().find(|(known, _)| *known == name);
        values.map_or(0.0, |(_, values)| summary(values)[1])
    }

    /// The fields of the JSON answer: each figure's median under its name, then its least and its most.
    pub(crate) fn fields(&self) -> Map<String, Value> {
        let mut fields = Map::new();
        for (name, values) in &self.series {
            let [least, median, most] = summary(values);
            fields.insert((*name).to_owned(), json!(rounded(median)));
            fields.insert(format!("{name}_min"), json!(rounded(least)));
            fields.insert(format!("{name}_max"), json!(rounded(most)));
        }
        fields
    }

    /// The table for people.
    pub(crate) fn table(&self) -> String {
        let rows = self.series.iter().map(|(name, values)| {
            let [least, median, most] = summary(values);
            vec![(*name).to_owned(), shown(median), shown(least), shown(most)]
        });
        output::table(&["FIGURE", "MEDIAN", "LEAST", "MOST"], rows)
    }
}

/// So many per second.
pub(crate) fn rate(count: u64, took: Duration) -> f64 {
    per(float(count), took.as_secs_f64())
}

/// An amount divided by another; nothing divided by nothing is nothing.
pub(crate) fn per(amount: f64, by: f64) -> f64 {
    if by > 0.0 { amount / by } else { 0.0 }
}

/// A count as a number to calculate with.
#[expect(clippy::cast_precision_loss, reason = "what is counted here stays far below 2^52")]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

/// The value below or at which so many percent lie.
fn rank(sorted: &[f64], percent: usize) -> f64 {
    let at = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(at).copied().unwrap_or(0.0)
}

fn summary(values: &[f64]) -> [f64; 3] {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    [rank(&sorted, 0), rank(&sorted, 50), rank(&sorted, 100)]
}

fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// Three significant digits at least, thousands apart.
fn shown(value: f64) -> String {
    if value.abs() < 100.0 {
        let text = format!("{value:.4}");
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    let digits = format!("{value:.0}");
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .filter_map(|group| std::str::from_utf8(group).ok())
        .collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_the_median_between_the_least_and_the_most() {
        let mut figures = Figures::default();
        for value in [3.0, 1.0, 2.0] {
            figures.add("drain_jobs_per_s", value);
        }
        let fields = Value::Object(figures.fields());
        let expected = json!({"drain_jobs_per_s": 2.0, "drain_jobs_per_s_min": 1.0, "drain_jobs_per_s_max": 3.0});
        assert_eq!(fields, expected);
    }

    #[test]
    fn the_99th_of_100_delays_is_the_last_but_one() {
        let delays: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        let mut figures = Figures::default();
        figures.add_delays("p50_ms", "p99_ms", &delays);
        let fields = figures.fields();
        assert_eq!((&fields["p50_ms"], &fields["p99_ms"]), (&json!(50.0), &json!(99.0)));
    }

    #[test]
    fn numbers_read_well_at_every_size() {
        let texts = [0.0312, 0.5, 12.0, 487.3, 99_500.4, 1_234_567.0].map(shown);
        assert_eq!(texts, ["0.0312", "0.5", "12", "487", "99,500", "1,234,567"]);
    }
}
