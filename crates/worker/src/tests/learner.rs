//! One learner's enrolment, what passback and people do to it, and what becomes of the results.

use std::time::Duration;

use passback_producer::{DecideError, ResultCase, ResultState, ResultView, Verdict};
use passback_queue::{Discarded, Intervention, JobId};
use passback_registry::{Connector, Exam, OnOutcome};
use passback_simulator::{Endpoint, Enrollment, User};

use super::oracle::{Mark, Sitting, Slate};
use super::perils::Scene;
use super::town::{email, stage_by_clock};

pub(crate) const COURSE: u64 = 146;
/// The learner, and another account that the same address may lead to.
pub(crate) const LEARNER: u64 = 1;
pub(crate) const NAMESAKE: u64 = 2;
/// Until a write has been read back.
pub(crate) const PROVED: Duration = Duration::from_secs(40);
/// Until what is parked is looked at again.
pub(crate) const LOOKED_AT: Duration = Duration::from_hours(6);

/// A scene around one learner.
pub(crate) struct Learner {
    pub(crate) scene: Scene,
}

impl Learner {
    /// With two workers, and a connector and an exam that are as the test wants them.
    pub(crate) async fn with(adapt: impl FnOnce(&mut Connector, &mut Exam)) -> Self {
        let (stage, clock) = stage_by_clock(NAMESAKE, 1_000_000).await;
        let registry = stage.producer.registry();
        let (acme, forklift) = ("acme".parse().unwrap(), "forklift-01".parse().unwrap());
        let mut connector = registry.connector(&acme).await.unwrap().unwrap();
        let mut exam = registry.exam(&forklift).await.unwrap().unwrap();
        exam.on_failed = OnOutcome::InProgress;
        exam.write_score_on_failed = true;
        exam.on_non_graded = OnOutcome::Suspended;
        adapt(&mut connector, &mut exam);
        registry.put_connector(&connector, "test").await.unwrap();
        registry.put_exam(&exam, "test").await.unwrap();
        let mut scene = Scene::new(stage, clock);
        scene.hire_two(4);
        Self { scene }
    }

    pub(crate) async fn new() -> Self {
        Self::with(|_, _| {}).await
    }

    /// Hands in a result and waits until nothing moves.
    pub(crate) async fn sits(&self, result_id: &str, mark: Mark, hour: u8) -> ResultView {
        self.hands_in(result_id, mark, hour).await;
        self.scene.still().await;
        self.result(result_id).await
    }

    pub(crate) async fn hands_in(&self, result_id: &str, mark: Mark, hour: u8) {
        let sitting = Sitting { mark, hour };
        let result = sitting.result(result_id.to_owned(), "forklift-01".to_owned(), email(LEARNER));
        self.scene.stage.producer.push(&result).await.unwrap();
    }

    pub(crate) async fn result(&self, result_id: &str) -> ResultView {
        self.scene.stage.producer.result(result_id).await.unwrap().unwrap()
    }

    /// Where a result stands, in two words.
    pub(crate) async fn standing(&self, result_id: &str) -> (ResultState, Option<String>) {
        let result = self.result(result_id).await;
        (result.state, result.code)
    }

    pub(crate) async fn case(&self, result_id: &str) -> ResultCase {
        self.result(result_id).await.case.expect("nobody has to decide")
    }

    /// A person decides, and the workers do what follows.
    pub(crate) async fn decides(&self, result_id: &str, verdict: Verdict) {
        self.decide(result_id, verdict).await.unwrap();
        self.scene.still().await;
    }

    pub(crate) async fn decide(&self, result_id: &str, verdict: Verdict) -> Result<ResultCase, DecideError> {
        let producer = &self.scene.stage.producer;
        producer.decide(result_id, verdict, None, "ops", "seen in Docebo").await
    }

    /// A person cancels the job of a result.
    pub(crate) async fn cancels(&self, job: JobId) {
        let by = Intervention {
            actor: "ops".to_owned(),
            reason: "not wanted".to_owned(),
            at_ms: self.scene.clock.now_ms(),
        };
        let cancelled = self.scene.stage.producer.queue().cancel(&[job], &by).await;
        assert_eq!(cancelled.unwrap(), [Discarded::Discarded]);
    }

    /// A person changes the enrolment by hand in Docebo.
    pub(crate) fn edits(&self, status: i8, score: Option<f64>, date: Option<&str>) -> Slate {
        let edited = Enrollment {
            status,
            score,
            date_complete: date.map(str::to_owned),
            ..Enrollment::new(COURSE, LEARNER)
        };
        let slate = Slate::of(&edited);
        self.scene.stage.docebo.put_enrollment(edited);
        slate
    }

    /// The learner's address leads to the namesake's account from now on.
    pub(crate) fn moves(&self) {
        let user = |id: u64, email: String| User {
            id,
            email,
            username: format!("person-{id}"),
            first_name: String::new(),
            last_name: String::new(),
            active: true,
        };
        self.scene
            .stage
            .docebo
            .put_user(user(LEARNER, "elsewhere@example.org".to_owned()));
        self.scene.stage.docebo.put_user(user(NAMESAKE, email(LEARNER)));
    }

    /// What an enrolment shows now.
    pub(crate) fn slate(&self, user: u64) -> Slate {
        Slate::of(&self.scene.stage.docebo.enrollment(COURSE, user).unwrap())
    }

    /// What an enrolment shows with a result on a clean slate.
    pub(crate) fn marked(mark: Mark, hour: u8) -> Slate {
        Slate::clean().with(Sitting { mark, hour })
    }

    /// Writes that took effect.
    pub(crate) fn writes(&self) -> u64 {
        self.scene.stage.docebo.counts().effects
    }

    /// What was asked of Docebo since so many requests.
    pub(crate) fn asked_since(&self, requests: u64) -> Vec<Endpoint> {
        let seen = self.scene.stage.docebo.requests();
        seen.iter()
            .filter(|seen| seen.seq > requests)
            .map(|seen| seen.endpoint)
            .collect()
    }

    pub(crate) fn requests(&self) -> u64 {
        self.scene.stage.docebo.counts().requests
    }
}
