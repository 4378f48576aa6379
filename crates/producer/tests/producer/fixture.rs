//! A producer with one exam, on a Redis and a clock of its own.

use std::time::Duration;

use passback_harness::TestRedis;
use passback_producer::{CheckRequest, ExamResult, Producer};
use passback_queue::{
    AttemptRecord, ClaimToken, Claimed, Clock, Lane, ManualClock, Name, Queue, RedisOptions, Retention, Settlement,
    Transition, Verdict,
};
use passback_registry::{ConnectorInput, ExamInput, Registry, RegistryOptions, Vault, VersionPolicy};

/// 2026-11-22T09:30:00Z, a multiple of five minutes.
pub(crate) const NOW_MS: u64 = 1_795_339_800_000;
pub(crate) const EMAIL: &str = "r.moreau@example.org";

pub(crate) struct Fixture {
    pub(crate) redis: TestRedis,
    pub(crate) clock: ManualClock,
    pub(crate) producer: Producer,
    vault: Vault,
}

impl Fixture {
    pub(crate) async fn start() -> Self {
        Self::with_domain("acme.docebosaas.com").await
    }

    /// With a connector whose Docebo is somewhere else.
    pub(crate) async fn with_domain(domain: &str) -> Self {
        let redis = TestRedis::start().await;
        let clock = ManualClock::starting_at(NOW_MS);
        let (vault, _) = Vault::generate();
        let producer = producer(&redis, &clock, &vault);
        let connector = ConnectorInput {
            id: Some("acme".to_owned()),
            domain: Some(domain.to_owned()),
            client_id: Some("passback".to_owned()),
            client_secret: Some("secret".into()),
            username: Some("integration".to_owned()),
            password: Some("secret".into()),
            ..ConnectorInput::default()
        };
        let connector = connector.validate().unwrap();
        producer.registry().put_connector(&connector, "test").await.unwrap();
        let fixture = Self {
            redis,
            clock,
            producer,
            vault,
        };
        for policy in VersionPolicy::ALL {
            fixture.put_exam(policy.as_str(), policy).await;
        }
        fixture.put_exam("forklift-01", VersionPolicy::PassSticky).await;
        fixture
    }

    async fn put_exam(&self, id: &str, policy: VersionPolicy) {
        let exam = ExamInput {
            id: Some(id.to_owned()),
            connector: Some("acme".to_owned()),
            course_id: Some(146),
            version_policy: Some(policy.as_str().to_owned()),
            ..ExamInput::default()
        };
        let exam = exam.validate().unwrap();
        self.producer.registry().put_exam(&exam, "test").await.unwrap();
    }

    /// Another process of the same installation.
    pub(crate) fn another_producer(&self) -> Producer {
        producer(&self.redis, &self.clock, &self.vault)
    }

    /// Jobs that can still change.
    pub(crate) async fn living_jobs(&self) -> u64 {
        self.producer.queue().counts().await.unwrap().living.values().sum()
    }

    /// Leases the next job of a lane.
    pub(crate) async fn claim(&self, lane: Lane) -> Claimed {
        let claimed = self.producer.queue().claim(lane, &worker(), 1, LEASE).await.unwrap();
        claimed.into_iter().next().expect("a job is ready")
    }

    /// Ends an attempt as a worker would.
    pub(crate) async fn settle(&self, token: ClaimToken, transition: Transition, end: End<'_>) {
        let settlement = Settlement {
            token,
            attempt: Some(AttemptRecord {
                outcome: transition.verb().to_owned(),
                ..AttemptRecord::default()
            }),
            transition,
            code: end.code.map(|code| Name::new(code).unwrap()),
            answer: end.answer,
            ledger_state: end.ledger_state,
            docebo_answered: false,
            header: None,
        };
        let verdicts = self.producer.queue().settle(&worker(), &[settlement]).await.unwrap();
        assert_eq!(verdicts, [Verdict::Settled]);
    }
}

/// What a settlement says beside where the job goes.
#[derive(Default)]
pub(crate) struct End<'a> {
    pub(crate) code: Option<&'a str>,
    pub(crate) answer: Option<Vec<u8>>,
    pub(crate) ledger_state: Option<&'static str>,
}

const LEASE: Duration = Duration::from_mins(1);

fn worker() -> Name {
    Name::new("test-worker-1").unwrap()
}

fn producer(redis: &TestRedis, clock: &ManualClock, vault: &Vault) -> Producer {
    let options = RedisOptions::new(redis.url());
    let queue = Queue::with(options.clone(), Clock::Manual(clock.clone()), Retention::default()).unwrap();
    let registry_options = RegistryOptions {
        allow_http_loopback: true,
        ..RegistryOptions::default()
    };
    let registry = Registry::new(options.manager().unwrap(), vault.clone(), registry_options);
    Producer::new(queue, registry)
}

pub(crate) fn question() -> CheckRequest {
    CheckRequest {
        exam_id: "forklift-01".to_owned(),
        email: EMAIL.to_owned(),
    }
}

pub(crate) fn passed(result_id: &str) -> ExamResult {
    ExamResult {
        result_id: result_id.to_owned(),
        exam_id: "forklift-01".to_owned(),
        email: EMAIL.to_owned(),
        outcome: "passed".to_owned(),
        score_percent: Some(87.0),
        completed_at: "2026-11-20T09:30:11Z".to_owned(),
        sequence: None,
    }
}
