//! What a result passes on its way: a producer, a worker with the real handlers, a simulated Docebo.

use std::collections::BTreeMap;

use passback_producer::{ConnectError, ExamResult, Outcome, Producer, ProducerOptions};
use passback_queue::Lane;
use passback_registry::{ConnectorId, Vault, VerifyPolicy};
use passback_simulator::{Counts, Course, Enrollment, Simulator, Tenant, User, World};
use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::crew::Worker;
use super::ground::Ground;
use super::push_plan::PushPlan;
use crate::exit::Failure;
use crate::stack::{ExamOf, register};

const TENANT: &str = "bench";
/// People on the simulated platform: few, for it looks through all of them at every search.
const PEOPLE: u64 = 50;
/// More than a bench can use up: what Docebo allows is not what is measured.
const CALLS_PER_HOUR: u32 = 1_000_000;

/// All of it, for one round.
pub(crate) struct PushStand {
    pub(crate) producer: Producer,
    pub(crate) worker: Worker,
    simulator: Simulator,
    _keys: TempDir,
}

impl PushStand {
    pub(crate) async fn set(ground: &Ground, plan: &PushPlan) -> Result<Self, Failure> {
        let keys = TempDir::with_prefix("passback-bench-keys-")
            .map_err(|error| Failure::failed(format!("there is no temporary folder: {error}")))?;
        let producer = connect(ground, &keys).await?;
        let world = world(plan);
        let simulator = Simulator::start(world.clone())
            .await
            .map_err(|error| Failure::failed(error.to_string()))?;
        let exams = (0..courses(plan)).map(|course| ExamOf {
            exam: exam(course),
            tenant: TENANT.to_owned(),
            course_id: course + 1,
        });
        register(&producer, &simulator, &world, &exams.collect::<Vec<_>>(), None).await?;
        allow_calls(&producer).await?;
        let slots = BTreeMap::from([(Lane::Push, plan.concurrency.into())]);
        Ok(Self {
            worker: Worker::start_real(producer.clone(), slots),
            producer,
            simulator,
            _keys: keys,
        })
    }

    /// What the platform counted.
    pub(crate) fn docebo(&self) -> Counts {
        self.simulator
            .tenant(TENANT)
            .map(|tenant| tenant.counts())
            .unwrap_or_default()
    }

    pub(crate) async fn strike(self) -> Result<(), Failure> {
        let stopped = self.worker.stop().await;
        self.simulator.shutdown().await;
        stopped
    }
}

/// The result of that number: a pass, of a person and a course that no other number has together.
pub(crate) fn result(number: u64) -> ExamResult {
    ExamResult {
        result_id: format!("bench-{number}"),
        exam_id: exam(number / PEOPLE),
        email: email(number % PEOPLE),
        outcome: Outcome::Passed.into(),
        score_percent: Some(87.0),
        completed_at: "2026-11-20T09:30:11Z".to_owned(),
        sequence: None,
    }
}

fn exam(course: u64) -> String {
    format!("bench-{course}")
}

fn email(person: u64) -> String {
    format!("candidate-{person}@example.org")
}

fn courses(plan: &PushPlan) -> u64 {
    plan.all_results().div_ceil(PEOPLE)
}

fn world(plan: &PushPlan) -> World {
    let user = |person| User {
        id: person + 1,
        email: email(person),
        username: String::new(),
        first_name: String::new(),
        last_name: String::new(),
        active: true,
    };
    let course = |course| Course {
        id: course + 1,
        name: String::new(),
        code: String::new(),
    };
    let enrollment = |number| Enrollment::new(number / PEOPLE + 1, number % PEOPLE + 1);
    let tenant = Tenant {
        // Any number.
        calls_per_hour: 0,
        latency_ms: plan.docebo_latency_ms,
        users: (0..PEOPLE).map(user).collect(),
        courses: (0..courses(plan)).map(course).collect(),
        enrollments: (0..plan.all_results()).map(enrollment).collect(),
        ..Tenant::new(TENANT)
    };
    World { tenants: vec![tenant] }
}

pub(crate) async fn connect(ground: &Ground, keys: &TempDir) -> Result<Producer, Failure> {
    let options = ProducerOptions {
        redis_url: ground.url().expose_secret().to_owned(),
        master_key_file: keys.path().join("master.key"),
        allow_http_loopback: true,
    };
    Vault::load_or_generate(&options.master_key_file).map_err(|error| Failure::failed(error.to_string()))?;
    Producer::connect(options).await.map_err(|error| match error {
        ConnectError::MasterKey(error) => Failure::failed(error.to_string()),
        ConnectError::Redis(error) => Failure::unavailable(error.to_string()),
    })
}

async fn allow_calls(producer: &Producer) -> Result<(), Failure> {
    let failed = |error: String| Failure::unavailable(format!("the connector cannot be stored: {error}"));
    let id: ConnectorId = TENANT.parse().map_err(|_| failed(format!("{TENANT} is no id")))?;
    let registry = producer.registry();
    let connector = registry
        .connector(&id)
        .await
        .map_err(|error| failed(error.to_string()))?;
    let Some(mut connector) = connector else {
        return Err(failed("it is gone".to_owned()));
    };
    connector.calls_per_hour = CALLS_PER_HOUR;
    // What is read back is read after the measurement.
    connector.verify = VerifyPolicy::UnlessWebhook;
    let stored = registry.put_connector(&connector, "passback-bench").await;
    stored.map_err(|error| failed(error.to_string()))?;
    let told = producer.connector_stored(&id).await;
    told.map(|_| ()).map_err(|error| failed(error.to_string()))
}
