//! Plays a day: each event at its time, then waits until all have ended.

use std::time::Duration;

use passback_simulator::Simulator;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

use super::event::{Check, CheckExpectation, DoceboChange, Event, Operation, ResultExpectation, What};
use super::narrator::{Narrator, waiting};
use super::script::Script;
use super::tracked::{AskedCheck, HandIn, Journey, Tracked};
use crate::api::Api;
use crate::exit::Failure;
use crate::output::field;

/// How long a check waits in one request.
const CHECK_WAIT: &str = "25s";
/// Between two looks at the results that have not ended.
const LOOK_EVERY: Duration = Duration::from_millis(400);
/// Between two looks whether a result that is to be sent again is dead yet.
const DEAD_LOOK_EVERY: Duration = Duration::from_millis(200);

/// A day that was played.
pub(crate) struct Played {
    pub(crate) tracked: Tracked,
    /// Whether the time limit came first.
    pub(crate) out_of_time: bool,
    pub(crate) took: Duration,
}

/// A day being played.
pub(crate) struct Day<'a> {
    api: Api,
    simulator: &'a Simulator,
    tracked: Tracked,
    narrator: Narrator,
    /// Checks and operations that are under way.
    tasks: JoinSet<Done>,
    started: Instant,
}

/// What a task brings back.
enum Done {
    Check(AskedCheck),
    Operation(Result<String, String>),
}

impl<'a> Day<'a> {
    pub(crate) fn new(api: Api, simulator: &'a Simulator, script: &Script) -> Self {
        let started = Instant::now();
        let narrator = Narrator::new(script.outcomes(), started);
        Self {
            api,
            simulator,
            tracked: Tracked::default(),
            narrator,
            tasks: JoinSet::new(),
            started,
        }
    }

    /// Plays every event and waits for the ends, but no longer than the limit.
    pub(crate) async fn play(mut self, script: Script, limit: Duration) -> Result<Played, Failure> {
        let deadline = self.started + limit;
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut events = script.events.into_iter().peekable();
        let out_of_time = loop {
            let next_at = events
                .peek()
                .map(|event| self.started + Duration::from_millis(event.at_ms));
            tokio::select! {
                () = sleep_until(deadline) => break true,
                Some(done) = self.tasks.join_next() => self.take(done),
                () = sleep_until(next_at.unwrap_or(deadline)), if next_at.is_some() => {
                    let now = self.started.elapsed();
                    let mut due = Vec::new();
                    while let Some(event) = events.next_if(|event| Duration::from_millis(event.at_ms) <= now) {
                        due.push(event);
                    }
                    self.happen(due).await?;
                }
                _ = looks.tick() => {
                    self.look().await?;
                    let quiet = events.peek().is_none() && self.tasks.is_empty();
                    if quiet && self.tracked.is_stuck() {
                        break false;
                    }
                }
            }
        };
        self.look_at_all().await?;
        self.narrator.progress(&self.tracked);
        self.narrator.end();
        Ok(Played {
            tracked: self.tracked,
            out_of_time,
            took: self.started.elapsed(),
        })
    }

    async fn happen(&mut self, due: Vec<Event>) -> Result<(), Failure> {
        let mut results = Vec::new();
        for event in due {
            if let Some(text) = &event.say {
                self.narrator.say(text);
            }
            match event.what {
                What::Check(check, expected) => {
                    let api = self.api.clone();
                    self.tasks
                        .spawn(async move { Done::Check(ask(&api, check, expected).await) });
                }
                What::Result(result, expected) => results.push((result, expected)),
                What::Docebo(change) => self.change_docebo(&change),
                What::Operator(operation) => {
                    let api = self.api.clone();
                    self.tasks
                        .spawn(async move { Done::Operation(operate(&api, operation).await) });
                }
            }
        }
        self.hand_in(results).await
    }

    /// Hands in what is due in one batch, as an exam engine does.
    async fn hand_in(&mut self, results: Vec<(Value, ResultExpectation)>) -> Result<(), Failure> {
        if results.is_empty() {
            return Ok(());
        }
        let lines: Vec<String> = results.iter().map(|(result, _)| result.to_string()).collect();
        let verdicts = self
            .api
            .send_lines(&["v1", "results", "batch"], lines.join("\n"))
            .await?;
        let mut verdicts = verdicts.into_iter();
        for (result, expected) in results {
            // A verdict that is missing is unlike any that is expected.
            let verdict = verdicts.next().unwrap_or(Value::Null);
            self.tracked.hand_ins.push(HandIn {
                result,
                expected,
                verdict,
            });
        }
        Ok(())
    }

    fn change_docebo(&mut self, change: &DoceboChange) {
        let Some(tenant) = self.simulator.tenant(&change.tenant) else {
            self.tracked
                .mishaps
                .push(format!("the world has no tenant {}", change.tenant));
            return;
        };
        if let Some(refused) = change.credentials_refused {
            tenant.set_credentials_refused(refused);
            self.narrator.say(&format!(
                "{}: {}",
                change.tenant,
                waiting(&self.tracked, &change.tenant)
            ));
        }
        if change.clear_faults {
            tenant.clear_faults();
        }
    }

    fn take(&mut self, done: Result<Done, tokio::task::JoinError>) {
        match done {
            Ok(Done::Check(check)) => self.tracked.checks.push(check),
            Ok(Done::Operation(Ok(told))) => self.narrator.say(&told),
            Ok(Done::Operation(Err(mishap))) => self.tracked.mishaps.push(mishap),
            Err(error) => self.tracked.mishaps.push(error.to_string()),
        }
    }

    async fn look(&mut self) -> Result<(), Failure> {
        self.read(self.tracked.unfinished()).await?;
        self.narrator.progress(&self.tracked);
        Ok(())
    }

    /// What had ended well may have moved since.
    async fn look_at_all(&mut self) -> Result<(), Failure> {
        let with_end = self.tracked.hand_ins.iter().filter(|hand_in| hand_in.has_end());
        let ids = with_end.map(|hand_in| hand_in.result_id().to_owned()).collect();
        self.read(ids).await
    }

    async fn read(&mut self, ids: Vec<String>) -> Result<(), Failure> {
        for id in ids {
            if let Some(view) = self.api.find(&["v1", "results", &id]).await? {
                self.tracked.journeys.insert(id, Journey::read(view));
            }
        }
        Ok(())
    }
}

async fn ask(api: &Api, check: Check, expected: CheckExpectation) -> AskedCheck {
    let body = json!({"exam_id": check.exam_id, "email": check.email});
    let path = ["v1", "eligibility-checks"];
    let answer = api
        .call(Method::POST, &path, &[("wait", CHECK_WAIT)], Some(&body))
        .await;
    AskedCheck {
        check,
        expected,
        answer: answer.map(|answer| answer.body).map_err(|failure| failure.sentence),
    }
}

/// Does what an operator does; tells of it, or of why it could not be done.
async fn operate(api: &Api, operation: Operation) -> Result<String, String> {
    match operation {
        Operation::Validate(connector) => {
            let path = ["v1", "connectors", &connector, "validate"];
            let answer = api
                .call(Method::POST, &path, &[], None)
                .await
                .map_err(|failure| failure.sentence)?
                .body;
            if answer["ok"] == Value::Bool(true) {
                return Ok(format!("{connector}: validated by an operator; its results go on"));
            }
            Err(format!(
                "connector {connector} did not validate: {}",
                field(&answer, "title")
            ))
        }
        Operation::Redrive(result) => {
            let job = loop {
                let view = api
                    .find(&["v1", "results", &result])
                    .await
                    .map_err(|failure| failure.sentence)?;
                match view.filter(|view| view["state"] == "dead") {
                    Some(view) => break view["job_id"].clone(),
                    None => sleep(DEAD_LOOK_EVERY).await,
                }
            };
            let body = json!({"ids": [job], "reason": "the record was unlocked"});
            let path = ["v1", "dead-letters", "redrive"];
            api.call(Method::POST, &path, &[], Some(&body))
                .await
                .map_err(|failure| failure.sentence)?;
            Ok(format!("{result}: its dead letter is sent again by an operator"))
        }
    }
}
