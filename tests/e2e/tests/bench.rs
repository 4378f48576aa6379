//! `passback bench`: it measures what it says, on real jobs, and never among somebody else's.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use nix::sys::signal::Signal;
use passback_e2e::{Process, Said, run_cli, until};
use passback_harness::TestRedis;
use passback_queue::{JobId, Lane, Name, NewJob, Queue, RedisOptions, State};
use serde_json::Value;
use tempfile::TempDir;

const JOBS: u64 = 2_000;

/// Every figure of a usual run, each with its least and its most.
const FIGURES: [&str; 18] = [
    "enqueue_jobs_per_s",
    "enqueue_redis_cpu_us_per_job",
    "enqueue_commands_per_job",
    "waiting_bytes_per_job",
    "drain_jobs_per_s",
    "drain_workers_cpu_us_per_job",
    "drain_redis_cpu_us_per_job",
    "drain_commands_per_job",
    "finished_bytes_per_job",
    "start_latency_p50_ms",
    "start_latency_p99_ms",
    "fairness_idle_p50_ms",
    "fairness_idle_p99_ms",
    "fairness_busy_p50_ms",
    "fairness_busy_p99_ms",
    "fairness_busy_over_idle_p50",
    "fairness_busy_over_idle_p99",
    "fairness_samples",
];

async fn bench(redis: &TestRedis, more: &[&str]) -> Said {
    let folder = TempDir::new().unwrap();
    let url = redis.url();
    let jobs = JOBS.to_string();
    let flags = [
        "bench",
        "queue",
        "--json",
        "--rounds",
        "1",
        "--jobs",
        &jobs,
        "--latency-jobs",
        "20",
        "--redis-url",
        &url,
    ];
    let arguments: Vec<&str> = flags.into_iter().chain(more.iter().copied()).collect();
    run_cli(&arguments, &[], folder.path(), "").await
}

fn queue(redis: &TestRedis) -> Queue {
    Queue::new(RedisOptions::new(redis.url())).unwrap()
}

fn number(answer: &Value, name: &str) -> f64 {
    answer[name]
        .as_f64()
        .unwrap_or_else(|| panic!("{name} is missing in {answer}"))
}

#[tokio::test]
async fn a_bench_of_the_queue_answers_with_every_figure_and_leaves_nothing_behind() {
    let redis = TestRedis::start().await;
    let empty = redis.cli(&["DBSIZE"]).await;
    let said = bench(&redis, &["--connectors", "3"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    let answer = said.json();
    for figure in FIGURES {
        let [median, least, most] = ["", "_min", "_max"].map(|end| number(&answer, &format!("{figure}{end}")));
        assert!(
            median >= 0.0 && (least..=most).contains(&median),
            "{figure} in {answer}"
        );
    }
    for positive in [
        "enqueue_jobs_per_s",
        "drain_jobs_per_s",
        "start_latency_p50_ms",
        "waiting_bytes_per_job",
    ] {
        assert!(number(&answer, positive) > 0.0, "{positive} in {answer}");
    }
    assert_eq!(answer["jobs"], JOBS);
    assert_eq!(answer["machine"]["redis_is_private"], false);
    assert!(answer["machine"]["redis_version"].is_string(), "{answer}");
    assert_eq!(redis.cli(&["DBSIZE"]).await, empty);
}

#[tokio::test]
async fn all_jobs_of_a_bench_were_done_and_are_kept_on_request() {
    let redis = TestRedis::start().await;
    let said = bench(&redis, &["--only", "drain", "--enqueue", "bulk", "--keep-jobs"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    let counts = queue(&redis).counts().await.unwrap();
    assert_eq!(counts.counters.get("done"), Some(&JOBS), "{counts:?}");
    assert_eq!(counts.living.values().sum::<u64>(), 0, "{counts:?}");
}

#[tokio::test]
async fn several_processes_drain_together() {
    let redis = TestRedis::start().await;
    let said = bench(&redis, &["--only", "drain", "--processes", "2"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(number(&said.json(), "drain_jobs_per_s") > 0.0, "{said:?}");
}

#[tokio::test]
async fn an_idle_worker_is_watched_from_outside() {
    let redis = TestRedis::start().await;
    let said = bench(&redis, &["--only", "idle", "--idle-seconds", "1"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    let answer = said.json();
    for figure in ["idle_commands_per_s", "idle_cpu_percent_of_a_core", "idle_resident_mb"] {
        assert!(number(&answer, figure) >= 0.0, "{figure} in {answer}");
    }
}

#[tokio::test]
async fn a_bench_refuses_a_redis_with_jobs_and_leaves_them_alone() {
    let redis = TestRedis::start().await;
    let queue = queue(&redis);
    let job = NewJob {
        id: JobId::generate(),
        lane: Lane::Push,
        connector: Name::new("acme").unwrap(),
        key: None,
        kind: Name::new("push.v1").unwrap(),
        delay_ms: 0,
        ttl_ms: None,
        about: None,
        trace: None,
        payload: b"{}".to_vec(),
    };
    queue.enqueue(&job).await.unwrap();
    let before = redis.cli(&["DBSIZE"]).await;
    let said = bench(&redis, &[]).await;
    assert_eq!(said.code, 4, "{said:?}");
    assert!(said.stderr.contains("holds jobs"), "{said:?}");
    assert!(said.stdout.is_empty(), "{said:?}");
    let kept = queue.job(job.id).await.unwrap().unwrap();
    assert_eq!((kept.state, kept.claims), (State::Ready, 0));
    assert_eq!(redis.cli(&["DBSIZE"]).await, before);
}

#[tokio::test]
async fn a_bench_removes_nothing_from_a_redis_that_others_use() {
    let redis = TestRedis::start().await;
    let theirs = ["{passback:0}:v1:connector:acme", "other"];
    for key in theirs {
        redis.cli(&["SET", key, "kept"]).await;
    }
    let before = redis.cli(&["MGET", theirs[0], theirs[1]]).await;
    let said = bench(&redis, &["--only", "enqueue"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(redis.cli(&["MGET", theirs[0], theirs[1]]).await, before);
}

#[tokio::test]
async fn a_bench_that_is_broken_off_leaves_nothing_behind() {
    let redis = TestRedis::start().await;
    let empty = redis.cli(&["DBSIZE"]).await;
    let url = redis.url();
    let flags = [
        "bench",
        "queue",
        "--only",
        "drain",
        "--jobs",
        "20000000",
        "--redis-url",
        &url,
    ];
    let mut bench = Process::start(&flags, &[]);
    until("jobs are stored", || async {
        let keys = redis.cli(&["DBSIZE"]).await;
        (keys != empty).then_some(())
    })
    .await;
    bench.signal(Signal::SIGINT);
    assert_eq!(bench.ended().await, Some(130), "{:?}", bench.said());
    assert_eq!(redis.cli(&["DBSIZE"]).await, empty);
}

async fn bench_push(redis: &TestRedis) -> Said {
    let folder = TempDir::new().unwrap();
    let url = redis.url();
    let flags = [
        "bench",
        "push",
        "--json",
        "--rounds",
        "1",
        "--results",
        "60",
        "--latency-results",
        "3",
    ];
    let arguments: Vec<&str> = flags.into_iter().chain(["--redis-url", &url]).collect();
    run_cli(&arguments, &[], folder.path(), "").await
}

#[tokio::test]
async fn a_bench_of_the_whole_path_carries_results_to_a_simulated_docebo() {
    let redis = TestRedis::start().await;
    let empty = redis.cli(&["DBSIZE"]).await;
    let said = bench_push(&redis).await;
    assert_eq!(said.code, 0, "{said:?}");
    let answer = said.json();
    for figure in [
        "push_accepted_results_per_s",
        "push_delivered_results_per_s",
        "push_accepted_to_delivered_p50_ms",
        "push_accepted_to_delivered_p99_ms",
    ] {
        assert!(number(&answer, figure) >= 0.0, "{figure} in {answer}");
    }
    // Who it is, how they are enrolled, the write: and one token for all.
    let calls = number(&answer, "push_docebo_calls_per_result");
    assert!((3.0..3.1).contains(&calls), "{answer}");
    assert_eq!(redis.cli(&["DBSIZE"]).await, empty);
}

#[tokio::test]
async fn a_bench_of_the_whole_path_refuses_a_redis_that_holds_anything() {
    let redis = TestRedis::start().await;
    redis.cli(&["SET", "other", "theirs"]).await;
    let said = bench_push(&redis).await;
    assert_eq!(said.code, 4, "{said:?}");
    assert!(said.stderr.contains("holds something"), "{said:?}");
}
