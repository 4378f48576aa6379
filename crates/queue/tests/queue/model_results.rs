//! Random interleavings of what happens to results: after each step every row stands where the model says, the open ones
//! are listed, and the feed has told of each end once and in order.

use std::collections::BTreeMap;

use passback_queue::{
    Case, CaseVerdict, ClaimToken, Decided, Discarded, Name, NewDecision, NewIntent, Permit, RowNote, State, Transition,
};
use proptest::prelude::*;

use crate::results::{CASE, note, park, result_id, subject};
use crate::shard::{Shard, ann, job, name};

const RESULTS: u64 = 6;
const AT_ITS_END: [&str; 6] = ["delivered", "confirmed", "verified", "no_op", "superseded", "discarded"];

#[derive(Debug, Clone)]
enum Step {
    Accept(u64),
    Claim,
    Settle(usize, How),
    Write(usize, bool),
    Note(u64, What),
    Decide(u64, bool),
    End(u64, bool),
    Redrive(u64),
    Wake,
    Pass,
}

#[derive(Debug, Clone, Copy)]
enum How {
    Delivered,
    NoOp,
    Superseded,
    Retry,
    Park,
    Bury,
    Release,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Confirmed,
    Mismatch,
    Case,
}

/// What the model knows of a result and its job.
#[derive(Debug, Clone)]
struct Model {
    row: &'static str,
    job: State,
    asked: bool,
    intent: bool,
    claimed_ms: u64,
}

struct World {
    shard: Shard,
    results: BTreeMap<u64, Model>,
    held: Vec<(u64, ClaimToken)>,
    told: Vec<(u64, &'static str)>,
    woken_ms: u64,
}

impl World {
    async fn start() -> Self {
        Self {
            shard: Shard::start().await,
            results: BTreeMap::new(),
            held: Vec::new(),
            told: Vec::new(),
            woken_ms: 0,
        }
    }

    fn worker() -> Name {
        name("w1")
    }

    /// Moves a row in the model, and tells of it where the feed must.
    fn row_becomes(&mut self, number: u64, state: &'static str) {
        let model = self.results.get_mut(&number).unwrap();
        if model.row == state {
            return;
        }
        let taken_back = AT_ITS_END.contains(&model.row);
        model.row = state;
        let ends = AT_ITS_END.contains(&state);
        if ends {
            model.asked = false;
        }
        if ends || state == "dead" || taken_back {
            self.told.push((number, state));
        }
    }

    async fn apply(&mut self, step: &Step) {
        match step {
            Step::Accept(number) => self.accept(*number).await,
            Step::Claim => self.claim().await,
            Step::Settle(pick, how) => self.settle(*pick, *how).await,
            Step::Write(pick, known) => self.write(*pick, *known).await,
            Step::Note(number, what) => self.note(*number, *what).await,
            Step::Decide(number, keeps) => self.decide(*number, *keeps).await,
            Step::End(number, erased) => self.end(*number, *erased).await,
            Step::Redrive(number) => self.redrive(*number).await,
            Step::Wake => self.wake().await,
            Step::Pass => self.pass().await,
        }
    }

    async fn accept(&mut self, number: u64) {
        if self.results.contains_key(&number) {
            return;
        }
        self.shard.accept(number).await;
        let fresh = Model {
            row: "accepted",
            job: State::Ready,
            asked: false,
            intent: false,
            claimed_ms: 0,
        };
        self.results.insert(number, fresh);
    }

    async fn claim(&mut self) {
        for claimed in self.shard.claim(&Self::worker()).await {
            let number = (0..RESULTS)
                .find(|number| job(*number).id == claimed.token.job)
                .unwrap();
            let model = self.results.get_mut(&number).unwrap();
            assert_eq!(model.job, State::Ready);
            (model.job, model.claimed_ms) = (State::Running, self.shard.clock.now_ms());
            self.held.push((number, claimed.token));
        }
    }

    async fn settle(&mut self, pick: usize, how: How) {
        if self.held.is_empty() {
            return;
        }
        let (number, token) = self.held.remove(pick % self.held.len());
        let (transition, row, state) = match how {
            How::Delivered => (Transition::Done, "delivered", State::Done),
            How::NoOp => (Transition::Done, "no_op", State::Done),
            How::Superseded => (
                Transition::Superseded { by: name("r-x") },
                "superseded",
                State::Superseded,
            ),
            How::Retry => (Transition::Retry { delay_ms: 500 }, "retrying", State::Scheduled),
            How::Park => (park(), "parked", State::Parked),
            How::Bury => (Transition::Bury, "dead", State::Dead),
            // Its row stays as it is.
            How::Release => (Transition::Release, "accepted", State::Ready),
        };
        let settlement = passback_queue::Settlement {
            ledger_state: Some(row),
            ..crate::shard::ending(token, transition)
        };
        self.shard.settle(&Self::worker(), settlement).await;
        let model = self.results.get_mut(&number).unwrap();
        model.job = state;
        let woken = state == State::Parked && self.woken_ms >= model.claimed_ms;
        if state != State::Ready {
            self.row_becomes(number, row);
        }
        if woken {
            self.results.get_mut(&number).unwrap().job = State::Ready;
            self.row_becomes(number, "accepted");
        }
    }

    async fn write(&mut self, pick: usize, known: bool) {
        if self.held.is_empty() {
            return;
        }
        let (number, token) = self.held[pick % self.held.len()];
        let (worker, subject, queue) = (Self::worker(), subject(number), &self.shard.queue);
        let version = format!("version {number}");
        let intent = format!(r#"{{"result_id":"{}"}}"#, result_id(number));
        let new = NewIntent {
            subject: &subject,
            version_seen: Some(&version),
            intent: &intent,
            written_to: None,
        };
        let permit = queue.permit_write(&worker, token, new).await;
        assert_eq!(permit.unwrap(), Permit::Granted);
        let other = NewIntent {
            version_seen: None,
            intent: "other",
            ..new
        };
        let moved = queue.permit_write(&worker, token, other).await;
        assert_eq!(moved.unwrap(), Permit::Moved);
        if known {
            assert!(queue.note_known(&worker, token, &subject, "known").await.unwrap());
        }
        self.results.get_mut(&number).unwrap().intent = !known;
    }

    async fn note(&mut self, number: u64, what: What) {
        let case = || {
            Some(Case {
                job: job(number).id,
                json: CASE.to_owned(),
            })
        };
        let (from, state, case): (&'static [&'static str], _, _) = match what {
            What::Confirmed => (&["delivered"], Some("confirmed"), None),
            What::Mismatch => (&["delivered", "confirmed"], Some("parked"), case()),
            What::Case => (&["accepted", "parked", "retrying", "dead"], None, case()),
        };
        let asks = case.is_some();
        let noted = RowNote {
            from,
            state,
            step: "noted",
            case,
            ..note(number)
        };
        let verdict = self.shard.queue.note(&noted).await.unwrap();
        let model = self.results.get(&number);
        assert_eq!(verdict, model.is_some_and(|model| from.contains(&model.row)));
        if verdict {
            if let Some(state) = state {
                self.row_becomes(number, state);
            }
            self.results.get_mut(&number).unwrap().asked |= asks;
        }
    }

    async fn decide(&mut self, number: u64, keeps: bool) {
        let verdict = if keeps {
            CaseVerdict::KeepTheirs { known: None }
        } else {
            CaseVerdict::WriteOurs {
                decision: "decision".to_owned(),
                version: None,
            }
        };
        let decision = NewDecision {
            result_id: result_id(number),
            case_seen: CASE.to_owned(),
            verdict,
        };
        let decided = self.shard.queue.decide(&decision, &ann()).await.unwrap();
        let expected = match self.results.get(&number) {
            None => Decided::Unknown,
            Some(model) if !model.asked => Decided::Changed,
            Some(model) if model.job == State::Running => Decided::Running,
            Some(model) if matches!(model.job, State::Parked | State::Dead) => Decided::Done,
            Some(_) => Decided::NotWaiting,
        };
        assert_eq!(decided, expected);
        if decided != Decided::Done {
            return;
        }
        self.row_becomes(number, "accepted");
        if keeps {
            self.row_becomes(number, "discarded");
        }
        let model = self.results.get_mut(&number).unwrap();
        model.job = if keeps { State::Discarded } else { State::Ready };
        model.asked = false;
        model.intent &= !keeps;
    }

    async fn end(&mut self, number: u64, erased: bool) {
        let jobs = [job(number).id];
        let verdicts = if erased {
            self.shard.queue.erase(&jobs, &ann()).await
        } else {
            self.shard.queue.cancel(&jobs, &ann()).await
        };
        let job = self.results.get(&number).map(|model| model.job);
        let expected = match job {
            None => Discarded::Unknown,
            Some(State::Running) => Discarded::Running,
            Some(state) if state.is_living() => Discarded::Discarded,
            Some(_) => Discarded::Ended,
        };
        assert_eq!(verdicts.unwrap(), [expected]);
        if expected == Discarded::Discarded {
            self.results.get_mut(&number).unwrap().job = State::Discarded;
            self.row_becomes(number, "discarded");
        }
    }

    async fn redrive(&mut self, number: u64) {
        self.shard.queue.redrive(&[job(number).id], &ann()).await.unwrap();
        if self.results.get(&number).is_some_and(|model| model.job == State::Dead) {
            self.results.get_mut(&number).unwrap().job = State::Ready;
            self.row_becomes(number, "accepted");
        }
    }

    async fn wake(&mut self) {
        self.shard.queue.wake(&name("case")).await.unwrap();
        self.woken_ms = self.shard.clock.now_ms();
        for number in 0..RESULTS {
            if self
                .results
                .get(&number)
                .is_some_and(|model| model.job == State::Parked)
            {
                self.results.get_mut(&number).unwrap().job = State::Ready;
                self.row_becomes(number, "accepted");
            }
        }
    }

    async fn pass(&mut self) {
        self.shard.clock.advance_ms(500);
        self.shard.queue.promote().await.unwrap();
        for model in self.results.values_mut().filter(|model| model.job == State::Scheduled) {
            model.job = State::Ready;
        }
    }

    async fn compare(&self) {
        for (number, model) in &self.results {
            let row = self.shard.row(*number).await;
            assert_eq!(
                (row.state.as_str(), row.case.is_some()),
                (model.row, model.asked),
                "r-{number}"
            );
            assert_eq!(self.shard.record(job(*number).id).await.state, model.job, "r-{number}");
            assert_eq!(
                self.shard.subject(*number).await.intent.is_some(),
                model.intent,
                "r-{number}"
            );
        }
        let is_open = |model: &Model| !AT_ITS_END.contains(&model.row);
        let open = self.results.iter().filter(|(_, model)| is_open(model));
        let expected: Vec<String> = open.map(|(number, _)| result_id(*number).to_string()).collect();
        let mut listed = self.shard.open().await;
        listed.sort();
        assert_eq!(listed, expected);
        let told = self.shard.told_of_results().await.into_iter();
        let told: Vec<(String, String)> = told.map(|(id, state, _)| (id, state)).collect();
        let expected = self.told.iter();
        let expected: Vec<(String, String)> = expected
            .map(|(number, state)| (result_id(*number).to_string(), (*state).to_owned()))
            .collect();
        assert_eq!(told, expected);
        self.shard.assert_sound().await;
    }
}

fn step() -> impl Strategy<Value = Step> {
    let number = || 0..RESULTS;
    let how = prop_oneof![
        2 => Just(How::Delivered),
        1 => Just(How::NoOp),
        1 => Just(How::Superseded),
        1 => Just(How::Retry),
        4 => Just(How::Park),
        3 => Just(How::Bury),
        1 => Just(How::Release),
    ];
    let what = prop_oneof![1 => Just(What::Confirmed), 1 => Just(What::Mismatch), 3 => Just(What::Case)];
    prop_oneof![
        4 => number().prop_map(Step::Accept),
        6 => Just(Step::Claim),
        8 => (any::<usize>(), how).prop_map(|(pick, how)| Step::Settle(pick, how)),
        3 => (any::<usize>(), any::<bool>()).prop_map(|(pick, known)| Step::Write(pick, known)),
        6 => (number(), what).prop_map(|(number, what)| Step::Note(number, what)),
        6 => (number(), any::<bool>()).prop_map(|(number, keeps)| Step::Decide(number, keeps)),
        1 => (number(), any::<bool>()).prop_map(|(number, erased)| Step::End(number, erased)),
        1 => number().prop_map(Step::Redrive),
        1 => Just(Step::Wake),
        3 => Just(Step::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn every_result_is_where_the_model_says_and_the_feed_tells_of_each_end(
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::start().await;
            for step in &steps {
                world.apply(step).await;
                world.compare().await;
            }
        });
    }
}
