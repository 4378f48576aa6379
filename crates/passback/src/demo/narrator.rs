//! Tells whoever watches how the day goes: a bar on a terminal, lines elsewhere.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use super::tracked::Tracked;
use crate::output;

/// Between two lines where there is no bar.
const LINE_EVERY: Duration = Duration::from_secs(5);
const CREDENTIALS_REFUSED: &str = "credentials_refused";

/// The storyteller.
pub(crate) struct Narrator {
    bar: ProgressBar,
    is_terminal: bool,
    started: Instant,
    last_line: Instant,
    events: usize,
    told: BTreeSet<String>,
}

impl Narrator {
    pub(crate) fn new(events: usize, started: Instant) -> Self {
        let bar = ProgressBar::new(events as u64);
        bar.set_draw_target(ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} events ended  {msg}") {
            bar.set_style(style);
        }
        let is_terminal = std::io::stderr().is_terminal();
        Self {
            bar,
            is_terminal,
            started,
            last_line: started,
            events,
            told: BTreeSet::new(),
        }
    }

    /// Tells of one moment.
    pub(crate) fn say(&self, text: &str) {
        let seconds = self.started.elapsed().as_secs_f64();
        self.bar.suspend(|| output::note(&format!("{seconds:5.1} s  {text}")));
    }

    /// Shows how far the day is.
    pub(crate) fn progress(&mut self, tracked: &Tracked) {
        self.tell_of_refused_credentials(tracked);
        let states: Vec<String> = tracked
            .states()
            .into_iter()
            .map(|(state, count)| format!("{state} {count}"))
            .collect();
        let states = states.join(", ");
        self.bar.set_position(tracked.ended() as u64);
        self.bar.set_message(states.clone());
        if !self.is_terminal && self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            self.say(&format!(
                "{} of {} events ended; {states}",
                tracked.ended(),
                self.events
            ));
        }
    }

    fn tell_of_refused_credentials(&mut self, tracked: &Tracked) {
        for (connector, answer) in tracked.answered_with(CREDENTIALS_REFUSED) {
            if self.told.insert(connector.to_owned()) {
                let title = output::field(answer, "title");
                let who = output::field(answer, "who_acts");
                self.say(&format!("{connector}: \"{title}\"; its results wait, {who} must act"));
            }
        }
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// How many results of a connector wait for it, as a part of a sentence.
pub(crate) fn waiting(tracked: &Tracked, connector: &str) -> String {
    format!("{} results wait for it", tracked.waiting(connector))
}
