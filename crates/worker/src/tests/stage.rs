//! What the tests share: a worker with any handler, and a whole stage with a simulated Docebo.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::BoxFuture;
use passback_docebo::Calls;
use passback_harness::TestRedis;
use passback_producer::{ExamResult, Outcome, Producer, ResultState, ResultView};
use passback_queue::{Clock, JobId, JobRecord, Lane, ManualClock, Name, NewJob, Queue, RedisOptions, Retention, State};
use passback_registry::{ConnectorInput, ExamInput, Registry, RegistryOptions, Vault};
use passback_simulator::{Simulator, TenantHandle, World};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::attempt::Handler;
use crate::clients::Clients;
use crate::desk::Desk;
use crate::jobs::Jobs;
use crate::lease::Lease;
use crate::other_platform::Strangers;
use crate::outcome::{Ending, Happened, Pushed};
use crate::retry_delay::Spread;
use crate::run::run_with;
use crate::tempo::Tempo;
use crate::{Shutdown, WorkerConfig, WorkerError};

/// Long enough for a busy machine; a test that needs it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A handler made of a function.
pub(crate) struct Script<F>(pub(crate) F);

impl<F> Handler for Script<F>
where
    F: Fn(JobRecord) -> BoxFuture<'static, Ending> + Send + Sync + 'static,
{
    async fn handle(&self, lease: &Lease, _: Instant, _: &mut Calls) -> Ending {
        (self.0)(lease.claimed.record.clone()).await
    }
}

/// What a handler says of a job that went well.
pub(crate) fn delivered() -> Ending {
    Happened::Pushed(Pushed::Delivered).into()
}

pub(crate) fn queue(redis: &TestRedis) -> Queue {
    Queue::new(RedisOptions::new(redis.url())).unwrap()
}

/// A push that no handler of these tests opens.
pub(crate) fn some_job(lane: Lane) -> NewJob {
    NewJob {
        id: JobId::generate(),
        lane,
        connector: Name::new("acme").unwrap(),
        key: None,
        kind: Name::new("push.v1").unwrap(),
        delay_ms: 0,
        ttl_ms: None,
        about: None,
        trace: None,
        payload: b"{}".to_vec(),
    }
}

/// Short waits between tries, so that a test takes no longer than it must.
pub(crate) fn brisk() -> Tempo {
    let brisk = Spread::new(Duration::from_millis(1), Duration::from_millis(20));
    Tempo {
        push_retry: brisk,
        check_retry: brisk,
        redis_retry: brisk,
        ..Tempo::default()
    }
}

/// A worker that runs beside the test.
pub(crate) struct Running {
    pub(crate) shutdown: Shutdown,
    task: JoinHandle<Result<(), WorkerError>>,
}

impl Running {
    pub(crate) fn start<H: Handler>(handler: H, queue: &Queue, config: WorkerConfig, tempo: Tempo) -> Self {
        let shutdown = Shutdown::new();
        let task = tokio::spawn(run_with(handler, queue.clone(), config, tempo, shutdown.clone()));
        Self { shutdown, task }
    }

    /// Asks it to stop in good order and waits for its end.
    pub(crate) async fn stop(self) {
        self.shutdown.request();
        self.ended().await;
    }

    /// Waits for its end.
    pub(crate) async fn ended(self) {
        timeout(PATIENCE, self.task)
            .await
            .expect("the worker does not end")
            .unwrap()
            .unwrap();
    }
}

/// One slot per lane, and a grace that no test waits for by accident.
pub(crate) fn narrow() -> WorkerConfig {
    WorkerConfig {
        concurrency: BTreeMap::from([(Lane::Check, 1), (Lane::Push, 1)]),
        ..WorkerConfig::default()
    }
}

/// Asks again and again until the answer is there; each question is a round trip to Redis, so nothing spins.
pub(crate) async fn until<T, F>(what: &str, mut ask: F) -> T
where
    F: AsyncFnMut() -> Option<T>,
{
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    let answer = timeout(PATIENCE, asking).await;
    answer.unwrap_or_else(|_elapsed| panic!("it never came about: {what}"))
}

/// Waits until a job is in a state.
pub(crate) async fn in_state(queue: &Queue, id: JobId, state: State) -> JobRecord {
    let what = format!("job {id} {state}");
    until(&what, async || {
        queue.job(id).await.unwrap().filter(|job| job.state == state)
    })
    .await
}

/// A queue on a clock that the test moves.
pub(crate) fn queue_by(redis: &TestRedis, clock: &ManualClock) -> Queue {
    let clock = Clock::Manual(clock.clone());
    Queue::with(RedisOptions::new(redis.url()), clock, Retention::default()).unwrap()
}

/// Redis, a registry with the connector "acme" and the exam "forklift-01", and a simulated Docebo.
pub(crate) struct Stage {
    pub(crate) redis: TestRedis,
    pub(crate) producer: Producer,
    pub(crate) docebo: TenantHandle,
    _simulator: Simulator,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        let redis = TestRedis::start().await;
        let queue = queue(&redis);
        Self::on(redis, queue, World::sample(), |_| {}).await
    }

    /// With any queue, any world that has the tenant "acme", and a connector that is as the test wants it.
    pub(crate) async fn on(
        redis: TestRedis,
        queue: Queue,
        world: World,
        adapt: impl FnOnce(&mut ConnectorInput),
    ) -> Self {
        let simulator = Simulator::start(world).await.unwrap();
        let options = RegistryOptions {
            allow_http_loopback: true,
            ..RegistryOptions::default()
        };
        let (vault, _) = Vault::generate();
        let manager = RedisOptions::new(redis.url()).manager().unwrap();
        let registry = Registry::new(manager, vault, options);
        let mut connector = ConnectorInput {
            id: Some("acme".to_owned()),
            domain: simulator.url("acme"),
            client_id: Some("passback".to_owned()),
            client_secret: Some("secret".into()),
            username: Some("integration".to_owned()),
            password: Some("secret".into()),
            ..ConnectorInput::default()
        };
        adapt(&mut connector);
        let exam = ExamInput {
            id: Some("forklift-01".to_owned()),
            connector: Some("acme".to_owned()),
            course_id: Some(146),
            ..ExamInput::default()
        };
        registry
            .put_connector(&connector.validate().unwrap(), "test")
            .await
            .unwrap();
        registry.put_exam(&exam.validate().unwrap(), "test").await.unwrap();
        Self {
            producer: Producer::new(queue, registry),
            docebo: simulator.tenant("acme").unwrap(),
            redis,
            _simulator: simulator,
        }
    }

    /// The real handler.
    pub(crate) fn jobs(&self) -> Jobs {
        let desk = Desk {
            producer: self.producer.clone(),
            clients: Clients::default(),
            check_retry: brisk().check_retry,
            strangers: Strangers::default(),
        };
        Jobs {
            desk,
            sync_limits_every: brisk().sync_limits,
            overdue_after: WorkerConfig::default().overdue_after,
        }
    }

    pub(crate) fn start_worker(&self) -> Running {
        Running::start(self.jobs(), self.producer.queue(), WorkerConfig::default(), brisk())
    }

    /// Waits until a result is in a state.
    pub(crate) async fn result_in(&self, result_id: &str, state: ResultState) -> ResultView {
        let what = format!("result {result_id} {}", state.as_str());
        until(&what, async || {
            let result = self.producer.result(result_id).await.unwrap();
            result.filter(|result| result.state == state)
        })
        .await
    }
}

/// A pass of Remy Moreau, whom the sample world knows as user 13827.
pub(crate) fn pass(result_id: &str) -> ExamResult {
    ExamResult {
        result_id: result_id.to_owned(),
        exam_id: "forklift-01".to_owned(),
        email: "r.moreau@example.org".to_owned(),
        outcome: Outcome::Passed.into(),
        score_percent: Some(86.5),
        completed_at: "2026-11-20T09:30:11Z".to_owned(),
        sequence: None,
    }
}
